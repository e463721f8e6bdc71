#!/bin/sh
# The page. Everything on it is read when it is asked for, nothing comes from a build.
escape() { sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/"/\&quot;/g'; }
row() { printf '<dt>%s</dt><dd id="%s">%s</dd>\n' "$1" "$2" "$(printf %s "$3" | escape)"; }
up=$(cut -d. -f1 /proc/uptime)
printf 'Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n\r\n'
cat <<'HTML'
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>A node is up</title>
<style>
:root { color-scheme: light dark; --ink: #16202e; --soft: #5b6b80; --sky: #eaf1fb; --card: #fff; --flame: #e2542b }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eef7; --soft: #93a4bb; --sky: #0d1420; --card: #151f2f } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 2rem 1rem;
       background: var(--sky); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { width: min(46rem, 100%); background: var(--card); border-radius: 14px; overflow: hidden;
       box-shadow: 0 1px 2px #0002, 0 12px 40px #0001 }
header { display: flex; gap: 1.2rem; align-items: center; padding: 1.8rem 2rem 1.2rem }
h1 { margin: 0; font-size: 1.5rem; letter-spacing: -.02em } header p { margin: 0; color: var(--soft) }
dl { margin: 0; padding: 0 2rem 1.6rem; display: grid; grid-template-columns: 9rem 1fr }
dt, dd { margin: 0; padding: .55rem 0; border-top: 1px solid #8883 }
dt { color: var(--soft) } dd { font: 14px/1.7 ui-monospace, monospace; overflow-wrap: anywhere }
footer { padding: .9rem 2rem; color: var(--soft); font-size: .9rem; border-top: 3px solid var(--flame) }
@media (max-width: 34rem) { dl { display: block } dd { border: 0; padding-top: 0 } }
</style></head><body><main>
<header><svg width="44" height="64" viewBox="0 0 44 64" aria-hidden="true">
<path d="M22 2c9 9 12 20 12 30l-4 12H14l-4-12C10 22 13 11 22 2z" fill="currentColor"/>
<path d="M10 30L3 42v8l9-7zM34 30l7 12v8l-9-7z" fill="currentColor" opacity=".55"/>
<circle cx="22" cy="24" r="4.5" fill="var(--card)"/><path d="M16 47h12l-6 15z" fill="var(--flame)"/></svg>
<div><h1>This page comes from a container</h1>
<p>on a node without a shell, a package manager or an interpreter.</p></div></header>
<dl>
HTML
row 'Node' node "$(hostname)"
row 'Boot id' boot-id "$(cat /proc/sys/kernel/random/boot_id)"
row 'Image digest' image-digest "${SKYROCKET_IMAGE_DIGEST:-unknown}"
row 'Image' image "${SKYROCKET_IMAGE:-unknown}"
row 'Kernel' kernel "$(uname -r)"
row 'Architecture' architecture "$(uname -m)"
row 'Up for' uptime "$((up / 3600)) h $((up / 60 % 60)) min $((up % 60)) s"
row 'Time' time "$(date -u '+%Y-%m-%d %H:%M:%S UTC')"
cat <<'HTML'
</dl><footer>Restart the node and load this again: the boot id changes, the digest does not.</footer>
</main></body></html>
HTML
