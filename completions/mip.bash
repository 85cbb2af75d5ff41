# bash completion for mip: the words come from `mip __complete`, so they are those of the mip in use.
_mip()
{
	local line=${COMP_LINE:0:COMP_POINT} word last
	local -a words

	read -ra words <<< "$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	# readline breaks words at ':' too: only what follows the last one is to be replaced
	last=${words[-1]}
	COMPREPLY=()
	while IFS=$'\t' read -r word _; do
		[[ $last != *:* ]] || word=${word#"${last%:*}:"}
		COMPREPLY+=("$word")
	done < <("${words[0]}" __complete "${words[@]:1}" 2> /dev/null)
	((${#COMPREPLY[@]})) || compopt -o default
}
complete -F _mip mip
