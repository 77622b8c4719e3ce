#include "sim/k5sim_fault.h"
#include "sim/machine.h"
int k5sim_inject(struct k5sim *sim, const struct k5sim_fault *f){ struct cpu *c=sim->task[sim->kernel.thread[sim->kernel.current].task].cpu; struct cpu_registers r=*cpu_registers(c); r.r[f->where]^=f->mask; cpu_set_registers(c,&r); return 0;}
void k5sim_faults_end(struct k5sim *sim){(void)sim;}
