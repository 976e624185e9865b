#!/bin/sh
# Table GPU and gpu.* of a process on a real NVIDIA GPU, against nvidia-smi. It takes nothing but
# procmond, procctl and what comes with the driver; a CUDA compiler or torch for the second part.
set -u
cd "$(dirname "$0")/../.."
: "${BUILD:=$PWD/build}"
LC_ALL=C
export LC_ALL

skip() {
	echo "$1"
	exit 77
}

command -v nvidia-smi >/dev/null || skip "there is no nvidia-smi here"
nvidia-smi --query-gpu=uuid --format=csv,noheader >/dev/null 2>&1 ||
	skip "nvidia-smi finds no NVIDIA GPU here"

place=$(mktemp -d /tmp/procmon.XXXXXX)
PROCMON_SOCKET=$place/socket
export PROCMON_SOCKET
server= burner= failures=0
finish() {
	[ -z "$burner" ] || kill "$burner" 2>/dev/null
	[ -z "$server" ] || kill "$server" 2>/dev/null
	wait
	rm -rf "$place"
}
trap finish EXIT
trap 'exit 1' INT TERM

wrong() {
	echo "FAIL: $*"
	failures=$((failures + 1))
}

"$BUILD/procmond" --socket "$PROCMON_SOCKET" --log-level error &
server=$!
for attempt in 1 2 3 4 5 6 7 8 9 10; do
	"$BUILD/procctl" subscribe --no-start -t server -n 1 >/dev/null 2>&1 && break
	sleep 0.5
done

# gpu NAME.. FRAMES: the rows of the last of so many frames, as CSV in that order after the uuid.
gpu() {
	"$BUILD/procctl" subscribe --no-start -t gpu -a "uuid,$1" -i 1s -n "$2" -o csv |
		awk -F, 'NR > 1 { if ($2 != tick) count = 0; tick = $2; rows[count++] = $0 }
			END { for (i = 0; i < count; i++) print rows[i] }' | cut -d, -f3-
}

smi() {
	nvidia-smi --query-gpu="uuid,$1" --format=csv,noheader,nounits | sed 's/, */,/g'
}

# value TABLE UUID FIELD
value() {
	printf '%s\n' "$1" | awk -F, -v uuid="$2" -v field="$3" '$1 == uuid { print $field }'
}

# near WHAT OURS LOW HIGH SLACK: LOW - SLACK <= OURS <= HIGH + SLACK; what nvidia-smi does not tell
# is no number, and then we must not tell it either.
near() {
	case $3 in
	*[!0-9.]* | "") [ -z "$2" ] || wrong "$1 is $2, and nvidia-smi says $3"
		echo "$1: not told"
		return ;;
	esac
	echo "$1: $2 (nvidia-smi: $3 to $4)"
	awk -v ours="$2" -v low="$3" -v high="$4" -v slack="$5" 'BEGIN {
		if (low > high) { other = low; low = high; high = other }
		exit !(ours != "" && ours + 0 >= low - slack && ours + 0 <= high + slack) }' ||
		wrong "$1 is $2 instead of $3 to $4, give or take $5"
}

# ------------------------------------------------------------------------------ the GPUs
#
# The first frames may come before the library is ready: it takes some seconds where nobody
# keeps the GPU initialised.

constant=name,memory.total,clocks.max.graphics,clocks.max.memory,enforced.power.limit
moving=temperature.gpu,power.draw,utilization.gpu,memory.used
names=name,memory.total,frequency.gpu_max,frequency.memory_max,power.limit
names=$names,temperature.gpu,power.now,busy.gpu,memory.used,energy,kind

fixed=$(smi "$constant")
before=$(smi "$moving")
ours=$(gpu "$names" 8)
after=$(smi "$moving")
printf 'procctl:    %s\n' "$ours"

scaled() {
	value "$ours" "$1" "$2" | awk -v by="$3" '$1 != "" { printf "%.6f\n", $1 / by }'
}

for uuid in $(printf '%s\n' "$fixed" | cut -d, -f1); do
	name=$(value "$ours" "$uuid" 2)
	case $name in
	"$(value "$fixed" "$uuid" 2)"*) echo "name: $name" ;;
	*) wrong "its name is $name instead of $(value "$fixed" "$uuid" 2)" ;;
	esac
	for each in "memory.total:3:1048576:3:1" "frequency.gpu_max:4:1000000:4:0" \
		"frequency.memory_max:5:1000000:5:0" "power.limit:6:1000:6:0.01"; do
		IFS=: read -r what field by theirs slack <<-END
			$each
		END
		near "$what" "$(scaled "$uuid" "$field" "$by")" "$(value "$fixed" "$uuid" "$theirs")" \
			"$(value "$fixed" "$uuid" "$theirs")" "$slack"
	done
	for each in "temperature.gpu:7:1000:2:3" "power.now:8:1000:3:15" "busy.gpu:9:0.01:4:10" \
		"memory.used:10:1048576:5:64"; do
		IFS=: read -r what field by theirs slack <<-END
			$each
		END
		near "$what" "$(scaled "$uuid" "$field" "$by")" "$(value "$before" "$uuid" "$theirs")" \
			"$(value "$after" "$uuid" "$theirs")" "$slack"
	done
done

# Energy grows by what the power says. The first frame has no rate.
"$BUILD/procctl" subscribe --no-start -t gpu -a uuid,energy,power.average,power.now,kind \
	-i 1s -n 5 -o csv | awk -F, '
	NR == 1 || $NF == "mig" || $4 == "" { next }
	$3 in energy && $4 < energy[$3] { print "FAIL: energy steps back"; bad = 1 }
	{ if (!($3 in first)) first[$3] = $4; energy[$3] = $4 }
	$5 != "" { sum[$3] += $5; rates[$3]++; power[$3] += $6 }
	END {
		for (gpu in energy) {
			if (energy[gpu] == first[gpu]) { print "FAIL: energy stands still"; bad = 1 }
			if (!rates[gpu]) { print "FAIL: no power from energy"; bad = 1; continue }
			average = sum[gpu] / rates[gpu] / 1000; sensor = power[gpu] / rates[gpu] / 1000
			printf "power by energy: %.1f W, by sensor: %.1f W\n", average, sensor
			if (average < sensor * 0.7 - 10 || average > sensor * 1.3 + 10) {
				print "FAIL: they do not agree"; bad = 1
			}
		}
		exit bad
	}' || failures=$((failures + 1))

# ------------------------------------------------------------------------- a process
#
# It holds 256 MiB and works all the time.

cat >"$place/burn.cu" <<'END'
#include <cstdio>
__global__ void burn(float *numbers, size_t count)
{
	size_t i = blockIdx.x * (size_t)blockDim.x + threadIdx.x;
	if (i < count)
		for (int round = 0; round < 20000; round++)
			numbers[i] = numbers[i] * 1.0001f + 0.5f;
}
int main()
{
	size_t count = 64 << 20;
	float *numbers;
	if (cudaMalloc(&numbers, count * sizeof *numbers) != cudaSuccess)
		return 1;
	for (;;) {
		burn<<<(unsigned)(count / 256), 256>>>(numbers, count);
		if (cudaDeviceSynchronize() != cudaSuccess)
			return 1;
	}
}
END
cat >"$place/burn.py" <<'END'
import torch
kept = torch.zeros(64 << 20, device="cuda")
a = torch.rand(4096, 4096, device="cuda")
while True:
    (a @ a).sum().item()
END

nvcc=$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)
if [ -x "$nvcc" ] && timeout 40 "$nvcc" -o "$place/burn" "$place/burn.cu" 2>"$place/nvcc"; then
	"$place/burn" &
	burner=$!
elif python3 -c 'import torch; torch.zeros(1, device="cuda")' 2>/dev/null; then
	python3 "$place/burn.py" &
	burner=$!
fi

process() {
	"$BUILD/procctl" subscribe --no-start -p "$burner" -i 1s -n 6 -o csv \
		-a pid,gpu.memory,gpu.time,gpu.usage,gpu.source,gpu.devices | tail -n 1
}

if [ -z "$burner" ]; then
	echo "no CUDA program at hand: processes are left out"
elif ! sleep 3 || ! kill -0 "$burner" 2>/dev/null; then
	burner=
	echo "the CUDA program does not run here: processes are left out"
else
	apps=$(nvidia-smi --query-compute-apps=pid,used_memory --format=csv,noheader,nounits)
	row=$(process)
	load=$(gpu busy.gpu,power.now,frequency.gpu,performance,kind 3)
	printf 'nvidia-smi: %s\nprocctl:    %s\nunder load: %s\n' "$apps" "$row" "$load"
	printf '%s\n' "$load" | awk -F, '$2 > 0.5 { found = 1 } END { exit !found }' ||
		wrong "no GPU is busy"
	case ",$(printf '%s' "$apps" | cut -d, -f1 | tr '\n' ',')" in
	*",$burner,"*)
		printf '%s\n' "$row" | awk -F, -v theirs="$(printf '%s\n' "$apps" | sed 's/, */,/' |
			awk -F, -v pid="$burner" '$1 == pid { print $2 }')" '
			{ ours = $5 / 1048576 }
			END { exit !(ours >= 256 && ours >= theirs - 64 && ours <= theirs + 64) }' ||
			wrong "gpu.memory of the process: $row"
		printf '%s\n' "$row" | awk -F, '{ exit !($6 > 500000000 && $7 > 0.5) }' ||
			wrong "gpu.time or gpu.usage of the process: $row"
		;;
	*) echo "the driver does not tell of pid $burner (another pid namespace): processes are left out" ;;
	esac
fi

[ $failures = 0 ] && echo ok
exit $((failures > 0))
