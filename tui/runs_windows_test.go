package main

import "os"

func signalFinds(pid int) bool {
	p, err := os.FindProcess(pid) // opens the process, which fails if it is gone
	if err != nil {
		return false
	}
	p.Release()
	return true
}
