# Completion for fish: slipway, mage, go tool slipway and go tool mage.

function __slipway_words
    set -l words (commandline -opc)
    set -l program $words[1]
    if string match -qr '(^|/)go$' -- $words[1]
        set program $words[1..3]
    end
    set -l rest $words[(math (count $program) + 1)..-1]
    set -l answer ($program __complete $rest (commandline -ct) 2>/dev/null)
    set -l directive (string replace : '' -- $answer[-1])
    set -e answer[-1]
    if test (count $answer) -eq 0; and test (math "bitand($directive, 4)") -eq 0
        __fish_complete_path (commandline -ct)
        return
    end
    printf '%s\n' $answer
end

function __slipway_is_go_tool
    set -l words (commandline -opc)
    test (count $words) -ge 3; and test "$words[2]" = tool; and contains -- $words[3] slipway mage
end

complete -c slipway -f -a '(__slipway_words)'
complete -c mage -f -a '(__slipway_words)'
complete -c go -n __slipway_is_go_tool -f -a '(__slipway_words)'
