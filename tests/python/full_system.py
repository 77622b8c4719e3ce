"""A description with every kind of object, right in every respect; tests break one thing at a time."""

FULL = """\
[system]
name = "small"
board = "mps2-an505"
last_resort = "halt"

[task.boss]
sources = ["one.c"]
priority = 20
stack = 512
capabilities = [
    { name = "faults", endpoint = "faults", rights = ["recv"] },
    { name = "worker", task = "worker", rights = ["control", "status", "grant"] },
    { name = "helper", thread = "worker.helper", rights = ["control"], max_priority = 12 },
    { name = "late", thread = "worker.late-one", rights = ["status"] },
    { name = "idle", task = "idle", rights = ["control"] },
]

[task.worker]
sources = ["two.c"]
priority = 10
stack = 512
supervisor = "faults"
loan_grace_us = 500
restart = { limit = 3 }
capabilities = [
    { endpoint = "work", rights = ["recv", "send"] },
    { name = "events", notification = "events", rights = ["wait"] },
    { interrupt = "tick", rights = ["ack"] },
    { port = "public", rights = ["listen"] },
    { region = "frame", rights = ["read", "write", "grant"] },
    { region = "board-data", rights = ["read"] },
]
regions = [{ region = "regs", access = "rw" }]

[task.worker.thread.helper]
priority = 9
stack = 300
argument = 7
fpu = true

[task.worker.thread.late-one]
priority = 11
entry = "late_start"
start = false
budget_us = 5000
cooldown_us = 20000

[task.idle]
sources = ["idle.c"]
priority = 1
stack = 512
start = false
slots = 4
capabilities = [
    { endpoint = "work", rights = ["send", "grant"], badge = 3, lend = "write" },
    { notification = "events", rights = ["signal"], badge = 0xF0 },
    { port = "public", rights = ["connect"], badge = 9 },
    { region = "board-data", rights = ["read", "write"] },
]

[endpoint.faults]
receiver = "boss"

[endpoint.work]
receiver = "worker.helper"
queue = 4

[notification.events]
receiver = "worker"
bound = true

[interrupt.tick]
line = 9
notification = "events"
bit = 3

[port.public]
name = "time of day"

[region.frame]
bytes = 1024
movable = true
home = "worker"

[region.board-data]
bytes = 64

[region.regs]
device = true
base = 0x4000_1000
bytes = 4096
"""

PLAIN = """\
int main(void)
{
    return 0;
}
"""

WORKER = """\
#include "k5.h"
#include "k5_task.h"

void helper_main(uint32_t argument);
void late_start(uint32_t argument);

volatile float sum;
volatile uint32_t woken;

void helper_main(uint32_t argument)
{
    sum = sum * 3.0f + (float)argument;
}

void late_start(uint32_t argument)
{
    woken = argument;
}

int main(void)
{
    REGION_FRAME[0] = REGION_BOARD_DATA[0];
    return (int)(TASK_ID_IDLE + CAP_THREAD_LATE_ONE);
}
"""

SOURCES = {"one": PLAIN, "two": WORKER, "idle": PLAIN}
