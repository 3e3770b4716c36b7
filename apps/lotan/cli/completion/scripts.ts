/** Completion scripts for shells, written from the commands themselves; tags come from `lotan completion tags`. */
import type { Command } from 'commander'

export type Shell = 'bash' | 'zsh'

interface Case {
  /** `list`, or `token add`. */
  path: string
  /** Subcommands, or the choices of its argument. */
  words: string[]
  options: string[]
  /** What may follow an option that takes a value; empty for values that only the user knows. */
  values: { option: string; words: string[] }[]
  tags: boolean
  /** TAG:PATH, and files here. */
  places: boolean
}

/** Subcommands first: what follows `token ` would be found before what follows `token add `. */
export function casesOf(program: Command): Case[] {
  return [
    ...program.commands.flatMap((command) => command.commands.map((sub) => caseOf(sub, `${command.name()} `))),
    ...program.commands.map((command) => caseOf(command, '')),
  ]
}

function caseOf(command: Command, parent: string): Case {
  const names = command.options.map(({ short, long }) => [short, long].filter((name) => name !== undefined))
  return {
    path: parent + command.name(),
    words: [
      ...command.commands.map((sub) => sub.name()),
      ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    ],
    options: [...names.flat(), '--help'],
    values: command.options.flatMap(({ required, argChoices }, i) =>
      required ? names[i]!.map((option) => ({ option, words: argChoices ?? [] })) : [],
    ),
    tags: takes(command, 'TAG'),
    places: takes(command, 'FROM'),
  }
}

function takes(command: Command, name: string): boolean {
  return command.registeredArguments.some((argument) => argument.name() === name)
}

export function scriptOf(shell: Shell, program: Command): string {
  const cases = casesOf(program)
  const commands = program.commands.map((command) => command.name())
  return shell === 'bash' ? bash(cases, commands) : zsh(cases, program)
}

/** Sets `words`, or asks for tags, after the command `$path` and the word `$prev`. */
function shellCases(cases: Case[]): string {
  const lines = cases.flatMap(({ path, words, options, values, tags, places }) => [
    ...values.map(({ option, words }) => `    '${path} ${option}') words='${words.join(' ')}' ;;`),
    `    '${path} '*) words='${words.join(' ')}' options='${options.join(' ')}' tags=${tags ? 1 : 0} places=${places ? 1 : 0} ;;`,
  ])
  return `  case "$path $prev" in\n${lines.join('\n')}\n  esac`
}

function subcommandsOf(cases: Case[]): string {
  const groups = new Set(cases.filter(({ path }) => path.includes(' ')).map(({ path }) => path.split(' ')[0]!))
  return [...groups].join('|')
}

function bash(cases: Case[], commands: string[]): string {
  return `# Completion of lotan for bash: eval "$(lotan completion bash)"
_lotan() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path=\${COMP_WORDS[1]}
  local words='' options='' tags=0 places=0
  COMPREPLY=()
  # What follows is for another program.
  [[ " \${COMP_WORDS[*]:0:COMP_CWORD} " != *' -- '* ]] || return
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${commands.join(' ')} help --version --help' -- "$cur"))
    return
  fi
  case $path in ${subcommandsOf(cases)}) ((COMP_CWORD < 3)) || path="$path \${COMP_WORDS[2]}" ;; esac
${shellCases(cases)}
  case $cur in
    -*) words=$options ;;
    *) ((!tags && !places)) || words="$words $("\${COMP_WORDS[0]}" completion tags 2>/dev/null)" ;;
  esac
  if ((places)) && [[ $cur != -* ]]; then
    # Bash takes a colon for the end of a word.
    [[ $cur != : && $prev != : ]] || return
    compopt -o nospace 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -W "$words" -S : -- "$cur"; compgen -f -- "$cur")
    return
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _lotan lotan
`
}

function zsh(cases: Case[], program: Command): string {
  const described = program.commands.map((command) => `'${command.name()}:${command.summary().replaceAll("'", '’')}'`)
  return `#compdef lotan
# Completion of lotan for zsh: eval "$(lotan completion zsh)"
_lotan() {
  local cur=\${words[CURRENT]} prev=\${words[CURRENT-1]} path_=\${words[2]} program=\${words[1]} places=0
  [[ " \${words[1,CURRENT-1]} " != *' -- '* ]] || return
  local -a commands=(${described.join(' ')})
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  case $path_ in ${subcommandsOf(cases)}) ((CURRENT < 4)) || path_="$path_ \${words[3]}" ;; esac
  () {
    local path_=$1 prev=$2 words='' options='' tags=0
${shellCases(cases).replaceAll('$path ', '$path_ ')}
    case $3 in
      -*) words=$options ;;
      *) ((!tags)) || words="$words $("$4" completion tags 2>/dev/null)" ;;
    esac
    compadd -- \${=words}
  } "$path_" "$prev" "$cur" "$program"
  ((places)) && [[ $cur != -* ]] || return
  [[ $cur == *:* ]] || compadd -S : -- $("$program" completion tags 2>/dev/null)
  _files
}
compdef _lotan lotan
`
}
