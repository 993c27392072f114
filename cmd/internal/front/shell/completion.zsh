#compdef slipway mage
# Completion for zsh: slipway, mage, go tool slipway and go tool mage.

_slipway() {
    local -a program lines names shown
    local answer directive line
    program=("${(Q)words[1]}")
    if [[ ${program[1]:t} == go ]]; then
        if (( CURRENT < 4 )) || [[ $words[2] != tool || $words[3] != (slipway|mage) ]]; then
            (( ! $+functions[_go] )) || _go "$@"
            return
        fi
        program=("${(Q)words[@]:0:3}")
    fi

    answer=$("${program[@]}" __complete "${(Q)words[@]:${#program}:$((CURRENT - ${#program}))}" 2>/dev/null) || return 1
    lines=("${(f)answer}")
    directive=${lines[-1]#:}
    for line in "${lines[@]:0:-1}"; do
        names+=("${line%%$'\t'*}")
        shown+=("${line/$'\t'/  -- }")
    done
    if (( ! ${#names} )); then
        (( directive & 4 )) || _files
        return
    fi
    local -a blank
    (( directive & 2 )) && blank=(-S '')
    compadd -l -d shown "${blank[@]}" -a names
}

if [[ $funcstack[1] == _slipway ]]; then
    _slipway "$@"
else
    compdef _slipway slipway mage go
fi
