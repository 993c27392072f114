# Completion for bash: slipway, mage, go tool slipway and go tool mage.

_slipway() {
    local line=${COMP_LINE:0:COMP_POINT} words program answer directive name start
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    program=("${words[0]}")
    if [[ ${words[0]##*/} == go ]]; then
        if [[ ${#words[@]} -lt 4 || ${words[1]} != tool || ! ${words[2]} =~ ^(slipway|mage)$ ]]; then
            [[ -z $_slipway_go_before ]] || "$_slipway_go_before" "$@"
            return
        fi
        program=("${words[@]:0:3}")
    fi
    words=("${words[@]:${#program[@]}}")

    answer=$("${program[@]}" __complete "${words[@]}" 2>/dev/null) || return
    directive=${answer##*:}
    # bash completes what is behind the last colon or equals sign only.
    local word=${words[${#words[@]}-1]} typed=${COMP_WORDS[COMP_CWORD]}
    [[ $typed == [:=] ]] && typed=
    start=$((${#word} - ${#typed}))
    COMPREPLY=()
    while IFS=$'\t' read -r name _; do
        [[ $name == "$word"* ]] && COMPREPLY+=("${name:start}")
    done <<<"${answer%$'\n':*}"
    ((directive & 2)) && compopt -o nospace 2>/dev/null
    ((directive & 4)) && compopt +o default 2>/dev/null
    return 0
}

_slipway_go_before=$(complete -p go 2>/dev/null | sed -n 's/.*-F \([^ ]*\).*/\1/p')
[[ $_slipway_go_before == _slipway ]] && _slipway_go_before=
complete -o default -F _slipway slipway mage go
