#compdef procctl
# zsh completion for procctl. What can follow is said by the script below; this is only zsh's way to
# be told.

local line word text
local -a offers more

for line in "${(@f)$(@datadir@/procmon/complete "${(@Q)words[1,CURRENT - 1]}" "$PREFIX" 2>/dev/null)}"; do
	case $line in
	,) more=(-S '') ;;
	/)
		compset -P '*='
		_files
		return
		;;
	?*)
		word=${line%%$'\t'*} text=${line#*$'\t'}
		offers+=("${word//:/\\:}${text:+:$text}")
		;;
	esac
done
_describe -V procctl offers "${more[@]}"
