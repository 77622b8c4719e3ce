/* Erases, programs and reads; data is the client's own memory, lent for the call. */
#include "driver_server.h"
#include "k5_string.h"
#include "k5_task.h"
#include "storage_hw.h"

static struct storage_info info;

static bool inside(uint32_t offset, uint32_t bytes)
{
    return bytes != 0 && offset <= info.bytes && bytes <= info.bytes - offset;
}

static enum k5_error erase(const struct k5_message *message)
{
    uint32_t offset = message->word[0];
    uint32_t bytes = message->word[1];
    enum k5_error error = K5_OK;

    if (!inside(offset, bytes) || offset % info.erase_bytes != 0 || bytes % info.erase_bytes != 0) {
        return K5_E_INVALID;
    }
    for (uint32_t done = 0; done < bytes && error == K5_OK; done += info.erase_bytes) {
        error = storage_hw_erase_page(offset + done);
    }
    return error;
}

/* What it was told to write is what it must read, or a unit was worn or was not erased. */
static enum k5_error program(const struct k5_message *message)
{
    const uint8_t *data = (const uint8_t *)(uintptr_t)message->word[0];
    uint32_t bytes = message->word[1];
    uint32_t offset = message->word[2];
    enum k5_error error = K5_OK;

    if (k5_kind(message) != K5_MSG_LEND || !inside(offset, bytes) ||
        offset % info.program_bytes != 0 || bytes % info.program_bytes != 0) {
        return K5_E_INVALID;
    }
    for (uint32_t done = 0; done < bytes && error == K5_OK; done += info.program_bytes) {
        error = storage_hw_program(offset + done, &data[done]);
    }
    if (error == K5_OK && memcmp(data, (const void *)storage_hw_at(offset), bytes) != 0) {
        error = K5_E_IO;
    }
    return error;
}

static enum k5_error read(const struct k5_message *message)
{
    void *data = (void *)(uintptr_t)message->word[0];
    uint32_t bytes = message->word[1];
    uint32_t offset = message->word[2];

    if (k5_kind(message) != K5_MSG_LEND_MUT || !inside(offset, bytes)) {
        return K5_E_INVALID;
    }
    memcpy(data, (const void *)storage_hw_at(offset), bytes);
    return K5_OK;
}

static void serve(struct k5_message *message)
{
    switch (driver_what(message)) {
    case STORAGE_INFO:
        driver_answer(message, K5_OK, info.bytes, info.erase_bytes, info.program_bytes);
        break;
    case STORAGE_ERASE:
        driver_answer(message, erase(message), 0, 0, 0);
        break;
    case STORAGE_PROGRAM:
        driver_answer(message, program(message), 0, 0, 0);
        break;
    case STORAGE_READ:
        driver_answer(message, read(message), 0, 0, 0);
        break;
    default:
        driver_answer(message, K5_E_INVALID, 0, 0, 0);
    }
}

int main(void)
{
    struct driver_server server = {
        .endpoint = CAP_SELF,
        .lends = 1u << STORAGE_PROGRAM | 1u << STORAGE_READ,
    };
    struct k5_message message = {0};

    storage_hw_start(&info);
    while (driver_next(&server, &message) == K5_OK) {
        serve(&message);
    }
    k5_panic(1);
}
