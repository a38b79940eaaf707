/**
 * Owns the one script that looks through `~/app`: which files stand there, with sizes, times and hashes, beside what
 * `~/.rekindle` says of them. It must never change a file of the project, nor follow a link. Names travel between null
 * bytes, the one character that none can hold, and all of it compressed: hashes of 5,000 files are some 400 KB.
 * Fails by its exit code, before it has printed anything whole. Where find and sha256sum are not GNU's (macOS, Alpine)
 * it asks file by file, in whole seconds: right, and slow.
 */
import { leftBehind, outputFolders } from "./left-behind";

const pruned = leftBehind.map((name) => `-name ${name}`).join(" -o ");
const hiddenPaths = [
  ...leftBehind.map((name) => `*/${name}/*`),
  ...outputFolders.map((name) => `/${name}/*`),
].join("|");

/** True for a path below `~/app` that no link leads to. */
export const isReachedDirectly = `
direct() { local part=$1; while [[ $part == */* ]]; do part=\${part%/*}; [[ -L ./$part ]] && return 1; done; return 0; }
`;

/**
 * Variables: MOST (files hashed beside the given ones), LARGEST (bytes of those), WITH_SEAL (non-empty: also the seal).
 * What the product gave is hashed whatever its size and wherever it lies; `~/.rekindle/files` names it.
 */
export const scanScript = `
export LC_ALL=C
mkdir -p "$HOME/app" "$HOME/.rekindle" && cd "$HOME/app" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
for name in started ignores links stats small given chosen hashes; do : > "$work/$name" || exit 1; done
${isReachedDirectly}
outputs=()
for name in ${outputFolders.join(" ")}; do
  if [ ! -f .gitignore ] || grep -qxE "/?$name(/\\**)?[[:space:]]*" .gitignore; then outputs+=(-o -path "./$name"); fi
done
apart=(-type d '(' ${pruned} "\${outputs[@]}" ')' -prune)

given() {
  [ -f "$HOME/.rekindle/files" ] || return 0
  while IFS= read -r -d '' path; do
    [[ -f ./$path && ! -L ./$path ]] && direct "$path" && printf './%s\\0' "$path"
  done < "$HOME/.rekindle/files"
}
hidden() {
  while IFS= read -r -d '' path; do case "\${path#.}" in ${hiddenPaths}) printf '%s\\0' "$path";; esac; done < "$work/given"
}
given > "$work/given"
seen=whole

if find . -maxdepth 0 -printf '' 2> /dev/null && sha256sum -z /dev/null > /dev/null 2>&1; then
  modified() { find "$1" -printf '%T@\\0'; }
  find . "\${apart[@]}" -o -type l -fprintf "$work/links" '%p\\0' -o -type f '(' \\
    -name .gitignore -fprintf "$work/ignores" '%p\\0' , -fprintf "$work/stats" '%T@ %s %p\\0' , \\
    -size "-$((LARGEST + 1))c" -fprintf "$work/small" '%p\\0' ')' 2> /dev/null || seen=partly
  hidden | xargs -0 -r bash -c 'find "$@" -maxdepth 0 -type f -printf "%T@ %s %p\\0"' look >> "$work/stats"
  { cat "$work/given"; sort -z "$work/small" | head -z -n "$MOST"; } | sort -zu > "$work/chosen"
  xargs -0 -r sha256sum -z -- < "$work/chosen" > "$work/hashes" 2> /dev/null
else
  modified() { printf '%s\\0' "$(date -r "$1" +%s)"; }
  sum() { if command -v sha256sum > /dev/null; then sha256sum < "$1"; else shasum -a 256 < "$1"; fi | cut -c 1-64; }
  find . "\${apart[@]}" -o -type l -print0 > "$work/links"
  find . "\${apart[@]}" -o -type f -name .gitignore -print0 > "$work/ignores"
  find . "\${apart[@]}" -o -type f -print0 > "$work/small" || seen=partly
  left=$MOST
  describe() {
    while IFS= read -r -d '' path; do
      size=$(($(wc -c < "$path")))
      printf '%s %s %s\\0' "$(date -r "$path" +%s)" "$size" "$path" >> "$work/stats"
      if [ "$1" = all ] || { [ "$size" -le "$LARGEST" ] && [ $((left -= 1)) -ge 0 ]; }; then
        printf '%s  %s\\0' "$(sum "$path")" "$path" >> "$work/hashes"
      fi
    done
  }
  describe some < "$work/small"
  describe all < "$work/given"
fi

text() { head -c 20000000 "$1" 2> /dev/null | tr -d '\\0'; printf '\\0'; }
{
  printf 'rekindle-scan-1\\0%s\\0' "$seen"
  modified "$work/started"
  text "$HOME/.rekindle/base"
  text "$HOME/.rekindle/generation"
  text "\${WITH_SEAL:+$HOME/.rekindle/seal}"
  while IFS= read -r -d '' path; do printf '%s\\0 ' "$path"; text "$path"; done < "$work/ignores"
  printf '\\0'
  cat "$work/links"; printf '\\0'
  cat "$work/stats"; printf '\\0'
  cat "$work/hashes"; printf '\\0end\\0'
} | gzip -c | base64
`;
