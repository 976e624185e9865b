# fish completion for procctl. What can follow is said by the script below; this is only fish's way
# to be told.

function __procctl_complete
	set -l words (commandline -opc)
	set -l word (commandline -ct)
	for line in (@datadir@/procmon/complete $words "$word" 2>/dev/null)
		switch $line
			case ,
			case /
				set -l option (string match -r -- '^--[^=]*=' "$word")
				for path in (__fish_complete_path (string replace -- "$option" '' "$word"))
					echo $option$path
				end
			case '*'
				echo $line
		end
	end
end

complete -c procctl -f -k -a '(__procctl_complete)'
