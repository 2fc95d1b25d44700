# Completion of loginmapd for bash. Generated from src/cli/options.ts by "npm run docs".

_loginmapd() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command="" word i
  local commands="serve check lookup query flush import doctor list audit completion"
  local options="-c --config --no-color -h --help -V --version" arguments=""
  COMPREPLY=()

  # The command is the first word that is neither an option nor the value of one.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      -c | --config) ((i++)); [[ ${COMP_WORDS[i]} != "=" ]] || ((i++)) ;;
      -*) ;;
      *) command=$word; break ;;
    esac
  done

  # Bash splits --option=value at the =; what stands before it is the option.
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $previous == "=" && $COMP_CWORD -ge 2 ]]; then
    previous=${COMP_WORDS[COMP_CWORD-2]}
  fi

  case $previous in
    -c | --config) _loginmapd_paths file "$current"; return ;;
  esac

  case $command in
    "") arguments=$commands ;;
    serve)
      options+=" --demo --postfix-cf --recipient-delimiter --local-domain --listen"
      case $previous in
        --postfix-cf) _loginmapd_paths file "$current"; return ;;
        --recipient-delimiter) return ;;
        --local-domain) return ;;
        --listen) return ;;
      esac
      ;;
    check)
      options+=" --demo --postfix-cf --recipient-delimiter --local-domain --connect"
      case $previous in
        --postfix-cf) _loginmapd_paths file "$current"; return ;;
        --recipient-delimiter) return ;;
        --local-domain) return ;;
      esac
      ;;
    lookup)
      options+=" --demo --postfix-cf --recipient-delimiter --local-domain --map --login --message --json"
      case $previous in
        --postfix-cf) _loginmapd_paths file "$current"; return ;;
        --recipient-delimiter) return ;;
        --local-domain) return ;;
        --map) return ;;
        --login) return ;;
        --message) _loginmapd_paths file "$current"; return ;;
      esac
      ;;
    query)
      options+=" --server --protocol"
      case $previous in
        --server) return ;;
        --protocol) mapfile -t COMPREPLY < <(compgen -W "socketmap tcp_table" -- "$current"); return ;;
      esac
      ;;
    flush)
      options+=" --address --domain --login --all --map"
      case $previous in
        --address) return ;;
        --domain) return ;;
        --login) return ;;
        --map) return ;;
      esac
      ;;
    import)
      arguments=FILE
      ;;
    doctor)
      options+=" --demo --postfix-cf --recipient-delimiter --local-domain --postfix-config --json"
      case $previous in
        --postfix-cf) _loginmapd_paths file "$current"; return ;;
        --recipient-delimiter) return ;;
        --local-domain) return ;;
        --postfix-config) _loginmapd_paths directory "$current"; return ;;
      esac
      ;;
    list)
      options+=" --demo --postfix-cf --recipient-delimiter --local-domain --map --domain --format"
      case $previous in
        --postfix-cf) _loginmapd_paths file "$current"; return ;;
        --recipient-delimiter) return ;;
        --local-domain) return ;;
        --map) return ;;
        --domain) return ;;
        --format) mapfile -t COMPREPLY < <(compgen -W "text json texthash" -- "$current"); return ;;
      esac
      ;;
    audit)
      options+=" --demo --postfix-cf --recipient-delimiter --local-domain --map --since --json"
      arguments=FILE
      case $previous in
        --postfix-cf) _loginmapd_paths file "$current"; return ;;
        --recipient-delimiter) return ;;
        --local-domain) return ;;
        --map) return ;;
        --since) return ;;
      esac
      ;;
    completion)
      arguments="bash zsh"
      ;;
  esac

  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ $arguments == FILE ]]; then
    _loginmapd_paths file "$current"
  else
    mapfile -t COMPREPLY < <(compgen -W "$arguments" -- "$current")
  fi
}

_loginmapd_paths() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -A "$1" -- "$2")
}

complete -F _loginmapd loginmapd
