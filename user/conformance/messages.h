/* What the client asks the server of messages.toml to do. */
#pragma once

enum messages_request {
    ASK_ECHO = 1,    /* short: the same words come back, the label too */
    ASK_BADGE,       /* short: w0 = badge of the capability used */
    ASK_BYTES,       /* copy: the bytes that arrived come back as a copy message */
    ASK_MANY,        /* short: w0 bytes come back, counting up from 0 */
    ASK_CUT,         /* short: was the last reply cut short? w0 = 1 if so */
    ASK_REPLY_TWICE, /* short: w0 = error of the second of two replies to the call before */
    ASK_BAD_REPLIES, /* short: the server tries wrong replies first; w0 = how many were refused */
    TELL,            /* send: counted, no reply */
    ASK_TOLD,        /* short: w0 = number of TELLs, w1 = sum of their w0, w2 = their reply caps */
    ASK_TRY_RECV,    /* short: w0 = error of a try_recv with nobody waiting */
    ASK_TRY_SERVE,   /* short: answered by try_reply_recv; its error is the next answer's w0 */
};

#define SERVER_BUFFER_BYTES 32u
#define MOST_BYTES          256u
