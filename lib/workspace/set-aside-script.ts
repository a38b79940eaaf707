/**
 * Owns the script that makes room for a new revision in `~/app`: it copies to `~/.rekindle/overwritten` what would be
 * lost, moves there what stands in a new file's way (a folder, a link, a file where a folder has to be), and removes
 * what the product removed. It must never follow a link, nor replace what was set aside before. May be repeated: the
 * same content is set aside once. Prints how many files stand aside for this revision.
 */
import { isReachedDirectly } from "./scan-script";

/**
 * Variables: ASIDE, the folder for this revision, relative to the home. Lists in `~/.rekindle/sync`, each path before a
 * null byte: `incoming` (to be written), `ours` (to be copied first), `outgoing` (to be removed).
 */
export const setAsideScript = `
cd "$HOME/app" || exit 1
lists="$HOME/.rekindle/sync"
${isReachedDirectly}
free_name() { # free_name <path>: where it can stand aside; nothing when the same content stands there
  local target="$HOME/$ASIDE/$1" number=1
  while [[ -e $target || -L $target ]]; do
    [[ -f $target && -f ./$1 && ! -L ./$1 ]] && cmp -s "./$1" "$target" && return 0
    target="$HOME/$ASIDE/$1.$((number += 1))"
  done
  mkdir -p "$(dirname "$target")" && printf '%s' "$target"
}
aside() { # aside <command> <path>
  local target; target=$(free_name "$2" && printf x) || exit 1
  target=\${target%x}
  if [ -n "$target" ]; then "$1" -- "./$2" "$target" || exit 1; fi
}
while IFS= read -r -d '' path; do
  direct "$path" && [[ -f ./$path && ! -L ./$path ]] && aside cp "$path"
done < "$lists/ours"
while IFS= read -r -d '' path; do
  part= rest=$path
  while [[ $rest == */* ]]; do
    part+=\${rest%%/*} rest=\${rest#*/}
    if [[ -L ./$part || ( -e ./$part && ! -d ./$part ) ]]; then aside mv "$part"; rm -rf "./$part"; break; fi
    part+=/
  done
  if [[ -L ./$path || -d ./$path ]]; then aside mv "$path"; rm -rf "./$path"; fi
done < "$lists/incoming"
while IFS= read -r -d '' path; do
  direct "$path" && [[ ! -d ./$path || -L ./$path ]] && rm -f -- "./$path"
done < "$lists/outgoing"
if [ -d "$HOME/$ASIDE" ]; then find "$HOME/$ASIDE" ! -type d -print0 | tr -dc '\\0' | wc -c; else echo 0; fi
`;
