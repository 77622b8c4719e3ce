/* Boot tables that the kernel could not run on are refused, with a reason; all others run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/config.h"
#include "tests/sim/oracle/program.h"
#include "tests/sim/support/bench.h"

/* System calls for ever: numbers 0 to 31, cptrs of slots 0 to 15, the rest from the same dice. */
static const uint16_t caller[] = {
    0x4680,                 /* mov r8, r0 */
    0xf8df, 0x9040,         /* ldr.w r9, =1664525 */
    0xfb08, 0xf809,         /* loop: mul r8, r8, r9 */
    0xf108, 0x0807,         /* add r8, r8, #7 */
    0xea4f, 0x2018,         /* lsr r0, r8, #8 */
    0xf000, 0x040f,         /* and r4, r0, #15 */
    0xf444, 0x3480,         /* orr r4, r4, #0x10000 */
    0xea4f, 0x3158,         /* lsr r1, r8, #13 */
    0xf001, 0x050f,         /* and r5, r1, #15 */
    0xea4f, 0x4258,         /* lsr r2, r8, #17 */
    0xf002, 0x063f,         /* and r6, r2, #63 */
    0xf046, 0x5600,         /* orr r6, r6, #0x20000000 */
    0xf026, 0x061f,         /* bic r6, r6, #31 */
    0xea4f, 0x1742,         /* lsl r7, r2, #5 */
    0xf007, 0x0760,         /* and r7, r7, #0x60 */
    0xea4f, 0x61d8, 0x468b, /* lsr r1, r8, #27; mov r11, r1 */
    0xdf00, 0xe7e0,         /* svc; b loop */
    0x660d, 0x0019,         /* 1664525 */
};

static int set_system(const void *blob, size_t bytes, const char *words)
{
    struct k5sim *sim = bench_open();
    int result = k5sim_set_system(sim, blob, bytes);

    if (result != K5SIM_OK && strstr(k5sim_error_text(sim), words) == NULL) {
        fail_msg("'%s' does not say '%s'", k5sim_error_text(sim), words);
    }
    k5sim_close(sim);
    return result;
}

static struct {
    uint64_t align;
    uint8_t bytes[131072];
} copy;

static struct sys_header *fresh_copy(void)
{
    const struct sys_header *system = build_finish();

    assert_true(system->total_bytes <= sizeof copy.bytes);
    memcpy(copy.bytes, system, system->total_bytes);
    return (struct sys_header *)(void *)copy.bytes;
}

static void *table(uint32_t offset)
{
    return copy.bytes + offset;
}

/* Changes a good system and expects a refusal that says `words`. */
#define REFUSE(words, expression)                                                                  \
    do {                                                                                           \
        struct sys_header *h = fresh_copy();                                                       \
        size_t bytes = h->total_bytes;                                                             \
        struct sys_task *task = table(h->tasks_offset);                                            \
        struct sys_thread *thread = table(h->threads_offset);                                      \
        struct sys_endpoint *endpoint = table(h->endpoints_offset);                                \
        struct sys_cap *cap = table(h->caps_offset);                                               \
        struct sys_region *region = table(h->regions_offset);                                      \
        struct sys_region *object = table(h->objects_offset);                                      \
        struct sys_notification *notification = table(h->notifications_offset);                    \
        struct sys_interrupt *interrupt = table(h->interrupts_offset);                             \
        struct sys_port *port = table(h->ports_offset);                                            \
        (void)task, (void)thread, (void)endpoint, (void)cap, (void)region, (void)object;           \
        (void)notification, (void)interrupt, (void)port;                                           \
        expression;                                                                                \
        if (set_system(copy.bytes, bytes, words) != K5SIM_BAD_SYSTEM) {                            \
            fail_msg("taken although " #expression);                                               \
        }                                                                                          \
    } while (0)

enum { SHARED, MOVABLE };

/* Order of the capabilities of task 0. */
enum { C_SEND, C_SIGNAL, C_SHARED, C_MOVABLE, C_IRQ, C_PORT, C_TASK, C_THREAD, C_COUNT };

/* Two tasks, the second with two threads, and something of everything. */
static void build_all(void)
{
    build_reset();
    build_single(10);
    build_single(11);
    build_thread(1, 12);
    uint32_t endpoint = build_endpoint(1);
    uint32_t queued = build_endpoint(2);
    uint32_t bits = build_notification(2);

    build_queue(build_endpoint(0), 3);
    build_queue(queued, 5);
    build_bind(bits);
    build_task_of(0)->supervisor = (uint8_t)queued;
    build_object(64, SYS_READ | SYS_WRITE, SYS_REGION_SHARED);
    build_object(96, SYS_READ | SYS_WRITE, SYS_REGION_MOVABLE);
    build_cap(0, endpoint, K5_RIGHT_SEND | K5_RIGHT_GRANT, 1);
    build_cap_for(0, K5_KIND_NOTIFICATION, bits, K5_RIGHT_SIGNAL, 7);
    build_cap_for(0, K5_KIND_REGION, SHARED, K5_RIGHT_READ, 0);
    build_cap_for(0, K5_KIND_REGION, MOVABLE, K5_RIGHT_READ | K5_RIGHT_WRITE | K5_RIGHT_GRANT, 0);
    build_cap_for(0, K5_KIND_INTERRUPT, build_interrupt(255, bits, 31), K5_RIGHT_ACK, 0);
    build_cap_for(0, K5_KIND_PORT, build_port("sixteen bytes ok"), K5_RIGHT_CONNECT, 5);
    build_cap_for(0, K5_KIND_TASK, 1, K5_RIGHT_CONTROL | K5_RIGHT_STATUS, 0);
    build_cap_for(0, K5_KIND_THREAD, 2, K5_RIGHT_CONTROL, 31);
    build_cap(1, endpoint, K5_RIGHT_RECV, 0);
    build_interrupt(0, bits, 0);
    build_port("b");
    build_spare_slots(0, 4);
}

static void test_system_with_everything_is_taken(void **state)
{
    (void)state;
    build_all();
    assert_int_equal(set_system(fresh_copy(), fresh_copy()->total_bytes, ""), K5SIM_OK);
}

static void test_headers_that_lie(void **state)
{
    (void)state;
    build_all();
    REFUSE("magic", h->magic++);
    REFUSE("version 3", h->version++);
    REFUSE("header of 48", h->header_bytes = 48);
    REFUSE("say that they have", h->total_bytes--);
    REFUSE("say that they have", bytes--);
    REFUSE("10 bytes are too few", bytes = 10);
    REFUSE("0 bytes are too few", bytes = 0);
    REFUSE("tick_hz", h->tick_hz = 0);
    REFUSE("no tasks", h->task_count = 0);
    REFUSE("33 tasks", h->task_count = CFG_TASKS + 1);
    REFUSE("65 threads", h->thread_count = CFG_THREADS + 1);
    REFUSE("65 endpoints", h->endpoint_count = CFG_ENDPOINTS + 1);
    REFUSE("1025 slots", h->slot_count = CFG_SLOTS + 1);
    REFUSE("33 notifications", h->notification_count = CFG_NOTIFICATIONS + 1);
    REFUSE("33 interrupts", h->interrupt_count = CFG_INTERRUPTS + 1);
    REFUSE("33 ports", h->port_count = CFG_PORTS + 1);
    REFUSE("33 region objects", h->object_count = CFG_OBJECTS + 1);
    REFUSE("257 places", h->message_count = CFG_MESSAGES + 1);
    REFUSE("9 MPU regions", h->mpu_regions = 9);
    REFUSE("last resort 2", h->last_resort = 2);
    REFUSE("least budget", h->budget_least = 0x80000000);
}

static void test_tables_that_lie_elsewhere(void **state)
{
    (void)state;
    build_all();
    REFUSE("tasks at offset", h->tasks_offset += 2);
    REFUSE("tasks at offset", h->tasks_offset = 4);
    REFUSE("threads at offset", h->threads_offset = h->total_bytes);
    REFUSE("endpoints at offset", h->endpoints_offset = h->total_bytes);
    REFUSE("capabilities at offset", h->cap_count = 0xffff);
    REFUSE("regions at offset", h->regions_offset = 0xfffffffc);
    REFUSE("regions at offset", h->region_count = 0xffff);
    REFUSE("region objects at offset", h->objects_offset = h->total_bytes - 4);
    REFUSE("notifications at offset", h->notifications_offset = 0);
    REFUSE("interrupts at offset", h->interrupts_offset = h->total_bytes);
    REFUSE("ports at offset", h->ports_offset = h->total_bytes - 16);
}

static void test_tasks_and_threads_that_cannot_be(void **state)
{
    (void)state;
    build_all();
    REFUSE("task 1: regions 100", task[1].first_region = 100);
    REFUSE("task 0: regions", task[0].region_count = 9);
    REFUSE("task 1: capabilities", task[1].first_cap = C_COUNT + 1);
    REFUSE("task 0: capabilities", task[0].cap_count = 200);
    REFUSE("task 1: capabilities or slots", task[1].first_slot = 99);
    REFUSE("slots in common", task[1].first_slot = 0); /* one table for two tasks */
    REFUSE("capabilities in common", task[1].first_cap = C_COUNT - 1);
    REFUSE("task 1: threads 3 to 5", task[1].first_thread = 3);
    REFUSE("task 1: threads 1 to 4", task[1].thread_count = 3);
    REFUSE("lists thread 1", task[0].thread_count = 2);
    REFUSE("policy 3", task[0].policy = 3);
    REFUSE("task 1: flags 2", task[1].flags = 2);
    REFUSE("task 1: supervised through endpoint 3", task[1].supervisor = 3);
    REFUSE("its own supervisor", task[1].supervisor = 0);
    REFUSE("task 0 lists thread 0", thread[0].task = 1);
    REFUSE("task 0 lists thread 0", thread[0].task = 7);
    REFUSE("thread 0: belongs", task[0].thread_count = 0);
    REFUSE("priority 32", thread[0].priority = 32);
    REFUSE("budget 2147483648", thread[0].budget = 0x80000000);
    REFUSE("budget 9, at least 10", thread[0].budget = 9; h->budget_least = 10);
    REFUSE("overrun 2147483648", thread[0].overrun = 0x80000000);
    REFUSE("thread 0: stack", thread[0].stack_top += 4);
    REFUSE("thread 0: stack", thread[0].stack_base += 4);
    REFUSE("thread 0: stack", thread[0].stack_base = thread[0].stack_top);
    REFUSE("thread 0: stack", thread[0].stack_base = thread[0].stack_top + 8);
    REFUSE("thread 0: stack", thread[0].stack_top = bench_text(0) + 64);
    REFUSE("thread 0: stack", thread[0].stack_base = thread[1].stack_base);
    REFUSE("is thread 1's as well", thread[2].stack_base = thread[1].stack_top - 8);
    REFUSE("thread 1: flags 4", thread[1].flags = 4);
    REFUSE("bound to notification 0", thread[1].notification = 0);
    REFUSE("bound to notification 1", thread[2].notification = 1);
}

static void test_objects_that_cannot_be(void **state)
{
    (void)state;
    build_all();
    REFUSE("endpoint 0: received by thread 3", endpoint[0].receiver = 3);
    REFUSE("queue of 65", endpoint[1].queue = 65; h->message_count = 200);
    REFUSE("begins at place", endpoint[1].first_message = 6);
    REFUSE("queues have places in common", endpoint[1].first_message = endpoint[2].first_message);
    REFUSE("thread 2 is passive", thread[2].budget = 0);
    REFUSE("notification 0: received by thread 3", notification[0].receiver = 3;
           thread[2].notification = SYS_NONE);
    REFUSE("interrupt 0: line 256", interrupt[0].line = 256);
    REFUSE("bit 32", interrupt[1].bit = 32);
    REFUSE("of notification 1", interrupt[1].notification = 1);
    REFUSE("the same line 255", interrupt[1].line = 255);
    REFUSE("port 1 has no name", port[1].name[0] = 0);
    REFUSE("behind the end of its name", port[1].name[15] = 'x');
    REFUSE("same name 'b'", memcpy(port[0].name, port[1].name, 16));
}

static void test_capabilities_that_cannot_be(void **state)
{
    (void)state;
    build_all();
    REFUSE("to object 3", cap[C_SEND].object = 3);
    REFUSE("kind 77", cap[C_SEND].kind = 77);
    REFUSE("kind 8", cap[C_SEND].kind = 8);
    REFUSE("to object 1", cap[C_SIGNAL].object = 1);
    REFUSE("to object 2", cap[C_SHARED].object = 2);
    REFUSE("to object 2", cap[C_IRQ].object = 2);
    REFUSE("to object 2", cap[C_PORT].object = 2);
    REFUSE("to object 2", cap[C_TASK].object = 2);
    REFUSE("to object 3", cap[C_THREAD].object = 3);
    REFUSE("rights 8", cap[C_SEND].rights = 8);
    REFUSE("rights 2", cap[C_IRQ].rights = K5_RIGHT_RECV);
    REFUSE("priority 32", cap[C_THREAD].badge = 32);
    REFUSE("rights 2 to object 0", cap[C_SHARED].rights = K5_RIGHT_WRITE);
    REFUSE("whose access is 1", object[SHARED].access = SYS_READ; cap[C_SHARED].rights = 3);
}

static void test_regions_that_the_board_has_not(void **state)
{
    (void)state;
    build_all();
    REFUSE("32-byte grains", region[0].base += 16);
    REFUSE("32-byte grains", region[0].bytes += 16);
    REFUSE("32-byte grains", region[0].bytes = 0);
    REFUSE("not in one memory", region[0].base = 0x30000000);
    REFUSE("not in one memory", region[0].bytes = FAKE_FLASH_BYTES + 32);
    REFUSE("lies in flash", region[0].access = SYS_READ | SYS_WRITE);
    REFUSE("access 6", region[1].access = SYS_WRITE | SYS_EXECUTE);
    REFUSE("access 8", region[1].access = 8);
    REFUSE("access 5, flags 1", region[0].flags = SYS_REGION_DEVICE);
    REFUSE("flags 4, at most 3", region[1].flags = SYS_REGION_MOVABLE);
    REFUSE("flags 8, at most 3", region[1].flags = SYS_REGION_BORROWED);
    REFUSE("not behind", region[2].base = region[1].base); /* overlap */
    REFUSE("not behind", region[2].base -= 32);
    REFUSE("writable and not shared", region[2].base = region[4].base);
    REFUSE("32-byte grains", region[0].base = 0xffffffe0; region[0].bytes = 64);
}

static void test_region_objects_that_cannot_be(void **state)
{
    (void)state;
    build_all();
    REFUSE("object 0: region", object[SHARED].base += 8);
    REFUSE("object 1: region", object[MOVABLE].bytes = FAKE_RAM_BYTES);
    REFUSE("object 0: flags 0", object[SHARED].flags = 0);
    REFUSE("object 0: flags 1", object[SHARED].flags = SYS_REGION_DEVICE);
    REFUSE("object 1: flags 6", object[MOVABLE].flags = SYS_REGION_MOVABLE | SYS_REGION_SHARED);
    REFUSE("object 1: flags 5", object[MOVABLE].flags = SYS_REGION_MOVABLE | SYS_REGION_DEVICE);
    REFUSE("object 0: access 0", object[SHARED].access = 0);
    REFUSE("object 0: access 5", object[SHARED].access = SYS_READ | SYS_EXECUTE);
    REFUSE("objects 0 and 1 both have", object[MOVABLE].base = object[SHARED].base + 32);
    REFUSE("lies in region", object[SHARED].base = region[1].base);
    REFUSE("does not lie in RAM", object[MOVABLE].base = FAKE_FLASH_BASE + FAKE_FLASH_BYTES - 96;
           object[MOVABLE].access = SYS_READ);
    REFUSE("its home, slot 0,", object[MOVABLE].home = 0);
    REFUSE("its home, slot 9,", object[MOVABLE].home = C_COUNT + 1); /* begins empty */
    REFUSE("its home, slot 9999,", object[MOVABLE].home = 9999);
    REFUSE("has 2 capabilities", cap[C_SHARED].object = MOVABLE);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

static void check_no_panic(struct k5sim *sim, uint64_t seed, uint32_t round)
{
    static struct k5sim_event events[BENCH_EVENTS];

    if (k5sim_run(sim, 3000, 0) == K5SIM_STOP_PANIC) {
        size_t count = k5sim_take_events(sim, events, BENCH_EVENTS);
        const struct k5sim_event *panic = bench_find(events, count, K5_EVENT_PANIC, 0);

        fail_msg("K5_SEED=%llu, round %u: assertion at %.24s:%u", (unsigned long long)seed,
                 (unsigned)round, (const char *)panic->arg, panic->code);
    }
}

/* Whatever the bytes: refused, or a system that the kernel can run. */
static void test_random_bytes_never_reach_an_assertion(void **state)
{
    uint64_t seed = from_environment("K5_SEED", 11);
    uint64_t rounds = from_environment("K5_ROUNDS", 2000);
    uint64_t random = seed;
    uint32_t taken = 0;

    (void)state;
    build_all();
    for (uint32_t i = 0; i < rounds; i++) {
        struct sys_header *h = fresh_copy();
        uint32_t bytes = h->total_bytes;
        /* The tables lie apart; most of the blob between them is unused. */
        const uint32_t starts[] = {
            0,
            h->tasks_offset,
            h->threads_offset,
            h->endpoints_offset,
            h->caps_offset,
            h->regions_offset,
            h->objects_offset,
            h->notifications_offset,
            h->interrupts_offset,
            h->ports_offset,
        };
        struct k5sim *sim = bench_open();

        for (uint32_t k = random_below(&random, 3) + 1; k > 0; k--) {
            uint32_t at = starts[random_below(&random, 10)] + random_below(&random, 112);

            copy.bytes[at] ^= (uint8_t)(1u << random_below(&random, 8));
        }
        if (k5sim_set_system(sim, copy.bytes, bytes) == K5SIM_OK) {
            bool loaded = true;

            for (uint32_t t = 0; t < 2; t++) {
                struct elf_file file;

                elf_file_make(&file, bench_text(t), caller, sizeof caller / 2);
                const char *path = elf_file_write(&file);

                loaded = k5sim_add_task(sim, t, path) == K5SIM_OK && loaded;
                elf_file_remove(path);
            }
            if (loaded && k5sim_boot(sim) == K5SIM_OK) {
                taken++;
                check_no_panic(sim, seed, i);
                if (k5sim_invariants(sim) != NULL) {
                    fail_msg("K5_SEED=%llu, round %u: %s", (unsigned long long)seed, (unsigned)i,
                             k5sim_invariants(sim));
                }
            }
        }
        k5sim_close(sim);
    }
    assert_true(taken > rounds / 20);
}

static void test_fpu_needs_one(void **state)
{
    (void)state;
    build_all();
    struct sys_header *h = fresh_copy();
    struct sys_thread *thread = table(h->threads_offset);
    const struct k5sim_memory memory[] = {{FAKE_FLASH_BASE, FAKE_FLASH_BYTES, false},
                                          {FAKE_RAM_BASE, FAKE_RAM_BYTES, true}};
    const struct k5sim_board board = {
        .cpu = "rv32", .memory = memory, .memory_count = 2, .mpu_regions = 8, .ticks_per_insn = 1};
    char why[256] = "";
    struct k5sim *sim = k5sim_open(&board, why, sizeof why);

    assert_non_null(sim);
    thread[1].flags = SYS_THREAD_FPU;
    assert_int_equal(set_system(h, h->total_bytes, ""), K5SIM_OK);
    assert_int_equal(k5sim_set_system(sim, h, h->total_bytes), K5SIM_BAD_SYSTEM);
    assert_non_null(strstr(k5sim_error_text(sim), "thread 1: has the FPU, but a rv32 has none"));
    k5sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_system_with_everything_is_taken),
        cmocka_unit_test(test_headers_that_lie),
        cmocka_unit_test(test_tables_that_lie_elsewhere),
        cmocka_unit_test(test_tasks_and_threads_that_cannot_be),
        cmocka_unit_test(test_objects_that_cannot_be),
        cmocka_unit_test(test_capabilities_that_cannot_be),
        cmocka_unit_test(test_regions_that_the_board_has_not),
        cmocka_unit_test(test_region_objects_that_cannot_be),
        cmocka_unit_test(test_fpu_needs_one),
        cmocka_unit_test(test_random_bytes_never_reach_an_assertion),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
