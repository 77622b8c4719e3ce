/* The commands, in one table. */
#include "commands.h"

#include "k5_cap.h"
#include "k5_control.h"
#include "k5_task.h"
#include "k5_time.h"
#include "memory.h"
#include "print.h"

#define WORDS 3u
#define TASK  "task-" /* what a task's capability is called: task-NAME */

struct command {
    const char *name;
    const char *argument; /* what it needs, or "" */
    const char *help;
    void (*run)(const char *argument);
};

struct named_cap {
    const char *name;
    k5_cptr_t cptr;
};

#define NAMED(name, cptr) {name, cptr},
static const struct named_cap caps[] = {K5_CAPABILITIES(NAMED)};
#define CAPS (sizeof caps / sizeof caps[0])

static bool equal(const char *a, const char *b)
{
    while (*a == *b && *a != '\0') {
        a++;
        b++;
    }
    return *a == *b;
}

/* The name of the task that a capability controls, or NULL. */
static const char *task_of(const struct named_cap *cap)
{
    const char *name = cap->name;

    for (const char *c = TASK; *c != '\0'; c++, name++) {
        if (*name != *c) {
            return NULL;
        }
    }
    return name;
}

/* ---------------------------------------------------------------- looking */

static void ps(const char *argument)
{
    static const char *const states[] = {
        [K5_TASK_READY] = "ready",
        [K5_TASK_BACKOFF] = "back-off",
        [K5_TASK_HELD] = "held",
        [K5_TASK_STOPPED] = "stopped",
    };

    (void)argument;
    print("TASK        STATE     GENERATION  RESTARTS\r\n");
    for (uint32_t i = 0; i < CAPS; i++) {
        struct k5_task_status status;

        if (task_of(&caps[i]) && k5_task_status(caps[i].cptr, &status) == K5_OK) {
            print_padded(task_of(&caps[i]), 12);
            print_padded(states[status.state], 10);
            print_number(status.generation, 10);
            print_number(status.restarts, 10);
            print("\r\n");
        }
    }
}

static const char *name_of(k5_cptr_t cptr)
{
    for (uint32_t i = 0; i < CAPS; i++) {
        if (caps[i].cptr == cptr) {
            return caps[i].name;
        }
    }
    return "-";
}

static void list_caps(const char *argument)
{
    static const char *const kinds[] = {
        [K5_KIND_NONE] = "none",
        [K5_KIND_ENDPOINT] = "endpoint",
        [K5_KIND_NOTIFICATION] = "notification",
        [K5_KIND_REGION] = "region",
        [K5_KIND_INTERRUPT] = "interrupt",
        [K5_KIND_PORT] = "port",
        [K5_KIND_TASK] = "task",
        [K5_KIND_THREAD] = "thread",
    };
    struct k5_cap_info info;
    enum k5_error error = K5_OK;

    (void)argument;
    print("SLOT  NAME          KIND          RIGHTS    BADGE\r\n");
    for (uint32_t slot = 0; error != K5_E_INVALID; slot++) { /* where the table ends */
        error = k5_caps(slot, &info);
        if (error == K5_OK) {
            print_number(slot, 4);
            print("  ");
            print_padded(name_of(info.cptr), 14);
            print_padded(kinds[info.kind], 14);
            print_number(info.rights, 6);
            print("    ");
            print_hex(info.badge);
            print("\r\n");
        }
    }
}

static void uptime(const char *argument)
{
    uint64_t ms = k5_time_us() / 1000u;

    (void)argument;
    print("up ");
    print_number(ms / 1000u, 0);
    print_char('.');
    print_char((char)('0' + ms / 100u % 10u));
    print(" s\r\n");
}

static void mem(const char *argument)
{
    (void)argument;
    memory_print();
}

/* ---------------------------------------------------------------- doing */

static void control(const char *name, enum k5_error (*act)(k5_cptr_t task), const char *done)
{
    enum k5_error error = K5_E_INVALID;

    for (uint32_t i = 0; i < CAPS; i++) {
        if (task_of(&caps[i]) && equal(task_of(&caps[i]), name)) {
            error = act(caps[i].cptr);
            if (error == K5_OK) {
                print(name);
                print(done);
                return;
            }
        }
    }
    print(error == K5_E_INVALID ? "no such task: " : "not allowed, or not in this state: ");
    print(name);
    print("\r\n");
}

static void kill(const char *name)
{
    control(name, k5_task_stop, " is stopped\r\n");
}

static void start(const char *name)
{
    control(name, k5_task_start, " is started\r\n");
}

static void restart(const char *name)
{
    control(name, k5_task_restart, " begins anew\r\n");
}

static void help(const char *argument);

static const struct command commands[] = {
    {"help", "", "what there is", help},
    {"ps", "", "the tasks that this shell may see", ps},
    {"caps", "", "the shell's capabilities", list_caps},
    {"mem", "", "the shell's memory", mem},
    {"kill", " TASK", "stops a task", kill},
    {"start", " TASK", "starts a stopped task", start},
    {"restart", " TASK", "begins a task anew", restart},
    {"uptime", "", "the time since the system started", uptime},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void help(const char *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < COMMANDS; i++) {
        uint32_t width = 14;

        for (const char *c = commands[i].name; *c != '\0'; c++) {
            print_char(*c);
            width--;
        }
        print_padded(commands[i].argument, width);
        print(commands[i].help);
        print("\r\n");
    }
}

/* Cuts a line at its spaces; returns the number of words, at most WORDS. */
static uint32_t split(char *line, const char *words[WORDS])
{
    uint32_t count = 0;

    for (;;) {
        while (*line == ' ') {
            *line++ = '\0';
        }
        if (*line == '\0' || count == WORDS) {
            return count;
        }
        words[count++] = line;
        while (*line != '\0' && *line != ' ') {
            line++;
        }
    }
}

void command_run(char *line)
{
    const char *words[WORDS] = {"", "", ""};
    uint32_t count = split(line, words);

    if (count == 0) {
        return;
    }
    for (uint32_t i = 0; i < COMMANDS; i++) {
        const struct command *command = &commands[i];

        if (equal(command->name, words[0])) {
            if (count == (command->argument[0] != '\0' ? 2u : 1u)) {
                command->run(words[1]);
            } else {
                print("usage: ");
                print(command->name);
                print(command->argument);
                print("\r\n");
            }
            return;
        }
    }
    print("unknown command: ");
    print(words[0]);
    print(" (try help)\r\n");
}
