# bash completion for procctl. What can follow is said by the script below; this is only bash's way
# to be told.

_procctl()
{
	local line word cut IFS=$' \t\n'
	local -a words

	# Not COMP_WORDS: there --sort=cpu is three words.
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	case ${COMP_LINE:0:COMP_POINT} in
	*[[:blank:]]) words+=('') ;;
	esac
	word=${words[${#words[@]} - 1]}
	# What bash puts in is only the part after the last character that breaks words.
	cut=
	case $COMP_WORDBREAKS in
	*=*) [[ $word != *=* ]] || cut=${word%"${word##*=}"} ;;
	esac

	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		,) compopt -o nospace ;;
		/)
			compopt -o filenames
			COMPREPLY=($(IFS=$'\n' && compgen -f -- "${word#"$cut"}"))
			;;
		*)
			line=${line%%$'\t'*}
			COMPREPLY+=("${line#"$cut"}")
			;;
		esac
	done < <(@datadir@/procmon/complete "${words[@]}" 2>/dev/null)
}

complete -F _procctl procctl
