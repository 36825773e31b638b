# Counts the packages that `go build -v` names, on standard error: in place on a terminal, else a line
# for every hundred. What else go says, such as what does not compile, is passed on. The last line of
# the input is "exit" and go's exit code, which is that of this program too.

function say(text) { printf "%s", text > "/dev/stderr"; fflush("/dev/stderr") }

function clear() { if (terminal && shown) say("\r\033[K"); shown = 0 }

/^exit [0-9]+$/ { code = $2; next }

/^go: downloading / {
	modules++
	if (terminal) { say("\r\033[Kbuilding: downloading module " modules " (" $3 ")"); shown = 1 }
	else if (modules == 1) say("building: downloading modules\n")
	next
}

# A package is one word, without a colon, and not the heading of its faults ("# shardeck/tui").
NF == 1 && !/[:#]/ {
	packages++
	if (terminal) { say("\r\033[Kbuilding: " packages " packages (" $1 ")"); shown = 1 }
	else if (packages == 1) say("building; this takes a minute or two the first time\n")
	else if (packages % 100 == 0) say("building: " packages " packages\n")
	next
}

{ clear(); say($0 "\n") }

END { clear(); exit code }
