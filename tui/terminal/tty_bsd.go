//go:build unix && !linux

package terminal

const inputQueue = 0x4004667f // FIONREAD, which x/sys does not name

// parent returns 0: only the parent of this process itself is known here.
func parent(int) int { return 0 }
