/**
 * What answers questions about files, one after the other, for as long as a session of SFTP lasts: a shell inside that
 * starts busybox's programs. A process a question is a millisecond, a command of the engine a tenth of a second.
 *
 * A question is a line: a verb, and words in which all but plain characters are escaped, so that names may have any byte.
 * The answer is what the program prints, a mark that no file can know before, and its exit code.
 */
export const PROGRAMS = `
read -r mark
form='%f %s %u %g %X %Y %h'
name() { value=$(printf '%b.' "$1"); value=\${value%.}; }
exists() { [ -e "$1" ] || [ -L "$1" ]; }
ask() {
  case $1 in
  start) cd "$(readlink /proc/1/cwd)" 2>/dev/null; pwd;;
  stat) stat -L -c "$form" "$p" 2>&1;;
  lstat) stat -c "$form" "$p" 2>&1;;
  list)
    [ -d "$p" ] || { stat -L -c "$form" "$p" 2>&1 && echo 'Not a directory'; return 1; }
    [ -r "$p" ] && [ -x "$p" ] || { echo 'Permission denied'; return 1; }
    find "$p/" -mindepth 1 -maxdepth 1 -exec stat -c "
$mark- $form %n" {} + 2>/dev/null
    return 0;;
  open)
    case $3 in *x*) exists "$p" && { echo 'File exists'; return 1; };; esac
    if [ ! -e "$p" ]; then
      case $3 in *c*) ;; *) echo 'No such file or directory'; return 1;; esac
      ( : > "$p" ) 2>&1 && chmod "$4" "$p" || return 1
    fi
    [ -f "$p" ] || { echo 'Not a regular file'; return 1; }
    case $3 in *r*) [ -r "$p" ] || { echo 'Permission denied'; return 1; };; esac
    case $3 in *w*) [ -w "$p" ] || { echo 'Permission denied'; return 1; };; esac
    case $3 in *t*) ( : > "$p" ) 2>&1 || return 1;; esac
    return 0;;
  read) dd if="$p" bs=64k iflag=skip_bytes,count_bytes,fullblock skip="$3" count="$4" 2>/dev/null;;
  write) dd bs="$4" count=1 iflag=fullblock 2>/dev/null | dd of="$p" bs=64k oflag=seek_bytes seek="$3" conv=notrunc 2>&1;;
  append) dd bs="$3" count=1 iflag=fullblock 2>/dev/null | dd of="$p" bs=64k oflag=append conv=notrunc 2>&1;;
  truncate) [ -f "$p" ] && truncate -c -s "$3" "$p" 2>&1;;
  chmod) chmod "$3" "$p" 2>&1;;
  chown) chown "$3" "$p" 2>&1;;
  times) touch -c -a -d "@$3" "$p" 2>&1 && touch -c -m -d "@$4" "$p" 2>&1;;
  mkdir) mkdir -m "$3" "$p" 2>&1;;
  rmdir) rmdir "$p" 2>&1;;
  remove) [ ! -d "$p" ] || [ -L "$p" ] || { echo 'Is a directory'; return 1; }; unlink "$p" 2>&1;;
  rename) exists "$q" && { echo 'File exists'; return 1; }; mv -T "$p" "$q" 2>&1;;
  replace) mv -f -T "$p" "$q" 2>&1;;
  realpath) readlink -f "$p" || { echo 'No such file or directory'; return 1; };;
  readlink) [ -L "$p" ] || { echo 'Not a link'; return 1; }; readlink "$p" 2>&1;;
  esac
}
while read -r verb a b c; do
  name "$a"; p=$value
  case $verb in rename|replace) name "$b"; q=$value;; esac
  ask "$verb" "$a" "$b" "$c"
  printf '\\n%s %s\\n' "$mark" "$?"
done
`
