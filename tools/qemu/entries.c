/* A QEMU plugin: how many instructions each stay in the kernel takes.
 *
 * A stay begins at an entry point and ends when an instruction outside the
 * kernel's text runs, or the idle loop, or the next entry (two exceptions with
 * nothing between them). Each is two lines in QEMU's log (-d plugin):
 *
 *   k5 enter ADDRESS
 *   k5 leave INSTRUCTIONS LONGEST
 *
 * LONGEST is what ran at most between two looks whether an interrupt waits: the
 * kernel looks between the steps of long work.
 *
 * Arguments, all numbers in hexadecimal: text=FROM-TO, the kernel's code;
 * outside=FROM-TO, code in there that is not the kernel's stay (interrupts are on);
 * entry=ADDRESS and look=ADDRESS, each as often as there are ways in, and looks.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Of QEMU's plugin interface, version 1, all that is used: distributions bring no header of it. */
struct qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*executed_t)(unsigned int vcpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*cb)(qemu_plugin_id_t id,
                                                      struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, executed_t cb,
                                          enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, executed_t cb,
                                            enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
                                                enum qemu_plugin_op op, void *counter,
                                                uint64_t add);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_outs(const char *text);

#define EXPORT __attribute__((visibility("default")))

EXPORT extern int qemu_plugin_version;
EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc,
                               char **argv);

#define MOST_PLACES 16u

struct range {
    uint64_t from;
    uint64_t to;
};

struct places {
    uint64_t address[MOST_PLACES];
    unsigned count;
};

static struct range text;
static struct range outside;
static struct places entries;
static struct places looks;

static bool inside;
static uint64_t instructions; /* of the stay that lasts */
static uint64_t looked_at;    /* `instructions` at the last look */
static uint64_t longest;      /* between two looks */

static bool is_in(const struct range *range, uint64_t address)
{
    return address >= range->from && address < range->to;
}

static bool is_one_of(const struct places *places, uint64_t address)
{
    for (unsigned i = 0; i < places->count; i++) {
        if (places->address[i] == address) {
            return true;
        }
    }
    return false;
}

static void looked(unsigned vcpu, void *data)
{
    (void)vcpu;
    (void)data;
    if (instructions - looked_at > longest) {
        longest = instructions - looked_at;
    }
    looked_at = instructions;
}

static void left(unsigned vcpu, void *data)
{
    char line[80];

    if (inside) {
        looked(vcpu, data);
        snprintf(line, sizeof line, "k5 leave %" PRIu64 " %" PRIu64 "\n", instructions, longest);
        qemu_plugin_outs(line);
        inside = false;
    }
}

/* Callbacks run before their instruction, and before it is counted. */
static void entered(unsigned vcpu, void *data)
{
    char line[80];

    left(vcpu, NULL);
    snprintf(line, sizeof line, "k5 enter %" PRIxPTR "\n", (uintptr_t)data);
    qemu_plugin_outs(line);
    inside = true;
    instructions = 0;
    looked_at = 0;
    longest = 0;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);

    (void)id;
    if (count == 0) {
        return;
    }
    if (!is_in(&text, qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0)))) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, left, QEMU_PLUGIN_CB_NO_REGS, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);

        if (is_in(&outside, address)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, left, QEMU_PLUGIN_CB_NO_REGS, NULL);
        } else if (is_one_of(&entries, address)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, entered, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)(uintptr_t)address);
        } else if (is_one_of(&looks, address)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, looked, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
        qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &instructions,
                                                   1);
    }
}

static bool parse_place(const char *argument, const char *format, struct places *places)
{
    return places->count < MOST_PLACES &&
           sscanf(argument, format, &places->address[places->count]) == 1 && ++places->count != 0;
}

static bool parse(const char *argument)
{
    return sscanf(argument, "text=%" SCNx64 "-%" SCNx64, &text.from, &text.to) == 2 ||
           sscanf(argument, "outside=%" SCNx64 "-%" SCNx64, &outside.from, &outside.to) == 2 ||
           parse_place(argument, "entry=%" SCNx64, &entries) ||
           parse_place(argument, "look=%" SCNx64, &looks);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!parse(argv[i])) {
            fprintf(stderr, "k5: the plugin does not understand '%s'\n", argv[i]);
            return -1;
        }
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
