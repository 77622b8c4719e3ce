/* A serial line: writes in the order in which they came, one reader.
 *
 * A client waits in its call until its bytes are with the hardware: that is all the
 * flow control there is, and so a queue with a place for each client is never full.
 */
#include "driver_server.h"
#include "k5_log.h"
#include "k5_string.h"
#include "k5_task.h"
#include "uart_hw.h"

#define JOBS        8u
#define RING        256u /* a power of two: characters that wait for a reader */
#define GET_MOST    64u  /* received in one go: others want to be served as well */
#define STALL_BITS  (32u * 12u)
#define STALL_US    10000u
#define DAMAGE_MARK 0x100u

/* A write, or a change of format between writes. */
struct job {
    k5_cptr_t reply;
    bool configures;
    struct uart_config config;
    uint32_t bytes;
    uint32_t sent;
    uint8_t data[UART_CHUNK];
};

static struct job jobs[JOBS];
static uint32_t job_first;
static uint32_t job_count;
static uint64_t stalled_at; /* when the first job will have gone without progress for too long */

static uint16_t ring[RING]; /* characters, or where some are missing */
static uint32_t ring_first;
static uint32_t ring_count;

static struct {
    k5_cptr_t reply; /* 0: nobody waits */
    uint32_t badge;
    uint32_t bytes;
    uint64_t until; /* 0: for ever */
} reader;

static struct uart_config format = {.baud = 115200u, .stop_bits = 1};
static struct uart_errors errors;
static uint8_t incoming[UART_CHUNK];

/* ---------------------------------------------------------------- out */

static void progress(void)
{
    stalled_at = k5_time_us() + STALL_US + (uint64_t)STALL_BITS * 1000000u / format.baud;
}

static void end_job(enum k5_error error)
{
    struct job *job = &jobs[job_first];

    driver_finish(job->reply, error, 0);
    job_first = (job_first + 1u) % JOBS;
    job_count--;
    progress();
}

static enum k5_error set_format(const struct uart_config *config)
{
    enum k5_error error = uart_hw_configure(config);

    if (error == K5_OK) {
        format = *config;
        ring_count = 0;
    }
    return error;
}

/* Gives the hardware what it takes. */
static void pump(void)
{
    while (job_count != 0) {
        struct job *job = &jobs[job_first];

        if (job->configures) {
            end_job(set_format(&job->config));
            continue;
        }
        while (job->sent < job->bytes && uart_hw_put(job->data[job->sent])) {
            job->sent++;
            progress();
        }
        if (job->sent < job->bytes) {
            break;
        }
        end_job(K5_OK);
    }
    uart_hw_want_room(job_count != 0);
}

/* The hardware takes nothing: whoever waits learns it, and it is set up anew. */
static void unstall(void)
{
    if (job_count != 0 && k5_time_us() >= stalled_at) {
        K5_WARN("the line takes no characters");
        end_job(K5_E_TIMEOUT);
        (void)uart_hw_configure(&format);
    }
}

static struct job *new_job(struct k5_message *message)
{
    struct job *job;

    if (job_count == JOBS) {
        driver_answer(message, K5_E_BUSY, 0, 0, 0);
        return NULL;
    }
    if (job_count == 0) {
        progress();
    }
    job = &jobs[(job_first + job_count++) % JOBS];
    *job = (struct job){.reply = driver_defer(message)};
    return job;
}

static void write(struct k5_message *message)
{
    uint32_t bytes = message->word[0];
    struct job *job;

    if (!k5_is_copy(message) || bytes > UART_CHUNK) {
        driver_answer(message, K5_E_INVALID, 0, 0, 0);
        return;
    }
    job = new_job(message);
    if (job) {
        job->bytes = bytes;
        memcpy(job->data, incoming, bytes);
        pump();
    }
}

static void configure(struct k5_message *message)
{
    struct uart_config config = {
        .baud = message->word[0],
        .parity = (enum uart_parity)message->word[1],
        .stop_bits = (uint8_t)message->word[2],
    };
    struct job *job;

    if (config.baud == 0 || message->word[1] > UART_PARITY_ODD || message->word[2] < 1u ||
        message->word[2] > 2u) {
        driver_answer(message, K5_E_INVALID, 0, 0, 0);
        return;
    }
    job = new_job(message);
    if (job) {
        job->configures = true;
        job->config = config;
        pump();
    }
}

/* ---------------------------------------------------------------- in */

/* Where there is no room the last place says that something is missing. */
static void push(uint16_t what)
{
    if (ring_count < RING) {
        ring[(ring_first + ring_count++) % RING] = what;
    } else {
        ring[(ring_first + RING - 1u) % RING] = DAMAGE_MARK;
        errors.overrun++;
    }
}

static void receive(void)
{
    struct uart_character got;

    for (uint32_t i = 0; i < GET_MOST && uart_hw_get(&got); i++) {
        errors.framing += (got.damage & UART_FRAMING) != 0;
        errors.parity += (got.damage & UART_PARITY) != 0;
        errors.noise += (got.damage & UART_NOISE) != 0;
        errors.overrun += (got.damage & UART_OVERRUN) != 0;
        if (got.damage != 0) {
            push(DAMAGE_MARK);
        }
        if ((got.damage & ~(uint32_t)UART_OVERRUN) == 0) {
            push(got.byte);
        }
    }
}

static void drop(uint32_t count)
{
    ring_first = (ring_first + count) % RING;
    ring_count -= count;
}

/* Answers the reader, if it waits and there is something to tell. One that is gone takes nothing
 * with it. */
static void deliver(void)
{
    uint8_t out[UART_CHUNK];
    uint32_t count = 0;

    if (reader.reply == 0 || ring_count == 0) {
        return;
    }
    while (count < reader.bytes && count < ring_count &&
           ring[(ring_first + count) % RING] != DAMAGE_MARK) {
        out[count] = (uint8_t)ring[(ring_first + count) % RING];
        count++;
    }
    if (count == 0) {
        while (ring_count != 0 && ring[ring_first] == DAMAGE_MARK) {
            drop(1);
        }
        driver_finish(reader.reply, K5_E_IO, 0);
    } else if (driver_finish_copy(reader.reply, out, count)) {
        drop(count);
    }
    reader.reply = 0;
}

/* A client that reads again has died meanwhile, or is another thread of it: the newer one reads. */
static void read(struct k5_message *message)
{
    uint32_t bytes = message->word[0];
    uint32_t timeout_us = message->word[1];

    if (bytes == 0) {
        driver_answer(message, K5_E_INVALID, 0, 0, 0);
        return;
    }
    if (reader.reply != 0 && reader.badge != message->badge) {
        driver_answer(message, K5_E_BUSY, 0, 0, 0);
        return;
    }
    if (reader.reply != 0) {
        driver_finish(reader.reply, K5_E_BUSY, 0);
    }
    reader.badge = message->badge;
    reader.reply = driver_defer(message);
    reader.bytes = bytes < UART_CHUNK ? bytes : UART_CHUNK;
    reader.until = timeout_us == UART_FOREVER ? 0 : k5_time_us() + timeout_us;
    deliver();
}

static void give_up_reading(void)
{
    if (reader.reply != 0 && reader.until != 0 && k5_time_us() >= reader.until) {
        driver_finish(reader.reply, K5_E_TIMEOUT, 0);
        reader.reply = 0;
    }
}

/* ---------------------------------------------------------------- the loop */

static void serve(struct k5_message *message)
{
    switch (driver_what(message)) {
    case UART_WRITE:
        write(message);
        break;
    case UART_READ:
        read(message);
        break;
    case UART_CONFIGURE:
        configure(message);
        break;
    case UART_ERRORS:
        k5_answer(message, K5_OK, errors.framing, errors.parity, errors.noise, errors.overrun);
        break;
    case DRIVER_EVENT:
        uart_hw_clear();
        receive();
        pump();
        uart_hw_acknowledge(message->word[0]);
        deliver();
        break;
    case DRIVER_TIME:
        break; /* looked at after each of these */
    default:
        driver_answer(message, K5_E_INVALID, 0, 0, 0);
    }
}

static uint64_t next_deadline(void)
{
    uint64_t next = reader.reply != 0 ? reader.until : 0;

    if (job_count != 0 && (next == 0 || stalled_at < next)) {
        next = stalled_at;
    }
    return next;
}

int main(void)
{
    struct driver_server server = {
        .endpoint = CAP_SELF,
        .buffer = incoming,
        .buffer_bytes = sizeof incoming,
    };
    struct k5_message message = {0};

    uart_hw_start();
    if (uart_hw_configure(&format) != K5_OK) {
        k5_panic(2);
    }
    while (driver_next(&server, &message) == K5_OK) {
        serve(&message);
        unstall();
        give_up_reading();
        server.wake_at = next_deadline();
    }
    k5_panic(1);
}
