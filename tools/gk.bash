# gk.bash: completion of gk's commands, options and files for bash. The words come from gk's own help.
# shellcheck disable=SC2207 # one word a line
_gk() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}

    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ] || { [ "$COMP_CWORD" = 2 ] && [ "$command" = help ]; }; then
        COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" help --lang en 2>/dev/null | sed -n 's/^  \([a-z]*\)  .*/\1/p')" -- "$word"))
        return
    fi
    case $before in
    --format) COMPREPLY=($(compgen -W "table csv json jsonl markdown plot" -- "$word")) ;;
    --lang | --names) COMPREPLY=($(compgen -W "en zh" -- "$word")) ;;
    --policy) COMPREPLY=($(compgen -W "last first all" -- "$word")) ;;
    --as) COMPREPLY=($(compgen -W "timeline curve heat bars board" -- "$word")) ;;
    *)
        case $word in
        -*) COMPREPLY=($(compgen -W "--help --lang $("${COMP_WORDS[0]}" help "$command" --lang en 2>/dev/null |
            grep -o -e '^  \(-., \)\{0,1\}--[a-z-]*' | grep -o -e '--[a-z-]*')" -- "$word")) ;;
        esac
        ;;
    esac
}
complete -o default -F _gk gk
