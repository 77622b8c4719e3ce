/* What the judge and its keeper say to each other. */
#pragma once

enum keeper_request {
    KEEPER_HELLO = 1, /* reply: number of the next test, enum keeper_end of the one before */
    KEEPER_BEGIN,     /* word 0: number of the test that begins */
    KEEPER_VERDICT,   /* word 0: enum keeper_verdict of the test that began */
    KEEPER_TOTALS,    /* reply: how many passed, failed, were skipped */
};

/* How the test before the judge's KEEPER_HELLO ended. */
enum keeper_end {
    KEEPER_FINE,  /* with a verdict, or there was none */
    KEEPER_DIED,  /* the judge took a fault */
    KEEPER_STUCK, /* no verdict in time */
};

enum keeper_verdict { KEEPER_PASSED, KEEPER_FAILED, KEEPER_SKIPPED, KEEPER_VERDICTS };

/* A test that has not ended after this time will not end. Virtual time: no host's load matters. */
#define KEEPER_PATIENCE_US 5000000u
