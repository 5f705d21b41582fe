package embedded

import "syscall"

// kernelKills says that the kernel signals our children when we die.
const kernelKills = true

func setDeathSignal(attr *syscall.SysProcAttr, sig syscall.Signal) { attr.Pdeathsig = sig }
