/* Capabilities: what is too long to be inline. */
#include "k5_cap.h"

enum k5_error k5_caps(uint32_t slot, struct k5_cap_info *info)
{
    uint32_t cptr = 0;
    uint32_t kind_rights = 0;
    uint32_t badge = 0;
    int32_t error = k5_sys_caps(slot, &cptr, &kind_rights, &badge);

    *info = (struct k5_cap_info){
        .cptr = cptr,
        .badge = badge,
        .kind = (uint8_t)kind_rights,
        .rights = (uint8_t)(kind_rights >> 8),
    };
    return (enum k5_error)error;
}

enum k5_error k5_mint(k5_cptr_t from, uint8_t rights, uint32_t badge, k5_cptr_t *minted)
{
    uint32_t cptr;
    int32_t error = k5_sys_mint(from, rights, badge, &cptr);

    if (error == K5_OK) {
        *minted = cptr;
    }
    return (enum k5_error)error;
}

enum k5_error k5_revoke(k5_cptr_t cptr)
{
    int32_t error;

    do {
        error = k5_sys_revoke(cptr);
    } while (error == K5_E_AGAIN);
    return (enum k5_error)error;
}

enum k5_error k5_map(k5_cptr_t region, enum k5_map_access access, void **base, size_t *bytes)
{
    uint32_t at = 0;
    uint32_t length = 0;
    int32_t error = k5_sys_map(region, access, &at, &length);

    if (error == K5_OK) {
        *base = (void *)(uintptr_t)at;
        *bytes = length;
    }
    return (enum k5_error)error;
}
