//go:build !linux

package embedded

import "syscall"

// kernelKills says that the kernel signals our children when we die. It does
// not here: a guard does (guard.go).
const kernelKills = false

func setDeathSignal(*syscall.SysProcAttr, syscall.Signal) {}
