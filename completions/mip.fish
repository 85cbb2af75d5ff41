# fish completion for mip: the words come from `mip __complete`, so they are those of the mip in use.
function __mip_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete $words[2..-1] 2>/dev/null
end
complete -c mip -n 'test (count (__mip_complete)) -gt 0' -f -a '(__mip_complete)'
