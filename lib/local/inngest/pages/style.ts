/**
 * Owns how the pages look, light and dark, without a script or a font to load. Its hash stands in the pages' content
 * security policy, so that no other style, and no style attribute, is ever applied. It has none of the characters that HTML
 * escapes (quotes, "<", ">", "&"), so that it can be put into a template like any text. Cannot fail.
 */
import { createHash } from "node:crypto";

export const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1d2430,#e4e7ec);--soft:light-dark(#5d6776,#98a2b3);--line:light-dark(#dfe3e9,#2e3642);
--paper:light-dark(#fff,#12161c);--card:light-dark(#f6f7f9,#1a2029);--link:light-dark(#1d5fbf,#7ab2ff);
--good:light-dark(#1a7f4b,#4cc38a);--bad:light-dark(#c0392f,#ff7a70);--busy:light-dark(#2563c9,#6ea8ff);--wait:light-dark(#a56a00,#e0a93f);--off:light-dark(#768093,#8791a3)}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,-apple-system,Segoe UI,sans-serif}
main,header div{max-width:72rem;margin:0 auto;padding:0 1.25rem}
header{border-bottom:1px solid var(--line);background:var(--card)}
header div{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline;padding-top:.8rem;padding-bottom:.8rem}
header a{font-weight:650;color:var(--ink)}
header p{margin:0;color:var(--soft);font-size:13px}
h1{font-size:1.45rem;margin:1.6rem 0 .4rem;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:2rem 0 .6rem}h3{font-size:.8rem;margin:.8rem 0 .2rem;color:var(--soft);font-weight:600}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
code,pre,textarea,input{font:12.5px/1.5 ui-monospace,SF Mono,Menlo,Consolas,monospace}
pre{margin:.2rem 0;padding:.6rem .75rem;background:var(--card);border:1px solid var(--line);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;max-height:28rem;overflow:auto}
table{width:100%;border-collapse:collapse;font-size:14px}
th{text-align:left;font-weight:600;font-size:12px;color:var(--soft);padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line)}
td{padding:.42rem .75rem .42rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}
td.number,th.number{text-align:right;white-space:nowrap}td.time{white-space:nowrap;color:var(--soft);font-variant-numeric:tabular-nums}
.note,.soft{color:var(--soft)}.note{font-size:13px;margin:.3rem 0}.empty{color:var(--soft);padding:1rem 0}
.pill{display:inline-block;min-width:5.4rem;padding:.05rem .55rem;border-radius:1rem;font-size:12px;font-weight:600;text-align:center;border:1px solid currentColor}
.Completed{color:var(--good)}.Failed,.bad{color:var(--bad)}.Running,.Retrying{color:var(--busy)}.Queued,.Waiting,.Planned{color:var(--wait)}.Cancelled,.Skipped{color:var(--off)}
.filters{display:flex;flex-wrap:wrap;gap:.2rem .9rem;font-size:13px;margin:.2rem 0 .6rem}.filters b{font-weight:650}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:0 2.5rem}
.buttons{display:flex;flex-wrap:wrap;gap:.6rem;margin:.8rem 0}
button{font:inherit;font-weight:600;font-size:14px;padding:.35rem .9rem;border-radius:6px;border:1px solid var(--line);background:var(--card);color:var(--ink);cursor:pointer}
button:hover{border-color:var(--soft)}button.main{background:var(--link);border-color:var(--link);color:var(--paper)}
button:focus-visible,a:focus-visible,summary:focus-visible,input:focus-visible,textarea:focus-visible{outline:2px solid var(--busy);outline-offset:2px}
label{display:block;font-size:13px;color:var(--soft);margin:.5rem 0}
input[type=text],textarea{display:block;width:100%;margin-top:.2rem;padding:.45rem .6rem;border:1px solid var(--line);border-radius:6px;background:var(--paper);color:var(--ink)}
textarea{min-height:7rem;resize:vertical}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:.8rem 0;font-size:14px}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.problem{border-left:3px solid var(--bad);background:var(--card);padding:.6rem .9rem;margin:1rem 0;border-radius:0 6px 6px 0}
.steps{border:1px solid var(--line);border-radius:8px;overflow:hidden}
.steps .axis,.steps summary,.steps .line{display:grid;grid-template-columns:minmax(9rem,15rem) 1fr 6.2rem;gap:.9rem;align-items:center;padding:.45rem .9rem}
.steps .axis{font-size:12px;color:var(--soft);background:var(--card)}.steps .axis span:nth-child(2){display:flex;justify-content:space-between}
.steps details,.steps .line{border-top:1px solid var(--line)}.steps summary{cursor:pointer;list-style:none}.steps summary::-webkit-details-marker{display:none}
.steps summary:hover{background:var(--card)}.steps details[open] summary{background:var(--card)}
.steps .what b{font-weight:600}.steps .what small{display:block;color:var(--soft);font-size:12px}.steps .what{overflow-wrap:anywhere}
.steps .took{text-align:right;font-size:13px;font-variant-numeric:tabular-nums}.steps .took small{display:block;color:var(--soft)}
.steps .inside{padding:.3rem .9rem 1rem}
.bar{display:block;width:100%;height:14px}.bar rect{rx:3px}.bar .track{fill:var(--line);opacity:.45}
.bar .good{fill:var(--good)}.bar .bad{fill:var(--bad)}.bar .busy{fill:var(--busy)}.bar .wait{fill:var(--wait);opacity:.55}.bar .off{fill:var(--off);opacity:.55}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:12px;color:var(--soft);margin:.5rem 0}.key i{display:inline-block;width:.8rem;height:.6rem;border-radius:2px;margin-right:.35rem;background:currentColor}
.key .wait,.key .off{opacity:.75}.key .good{color:var(--good)}.key .bad{color:var(--bad)}.key .busy{color:var(--busy)}.key .wait{color:var(--wait)}.key .off{color:var(--off)}
footer{margin:3rem 0 2rem;padding-top:.8rem;border-top:1px solid var(--line);color:var(--soft);font-size:13px}
@media(max-width:40rem){.steps .axis,.steps summary,.steps .line{grid-template-columns:1fr 5rem}.steps .axis span:nth-child(2),.bar{grid-column:1/-1;grid-row:2}td.wide,th.wide{display:none}}
`;

/** For `style-src` of the content security policy. */
export const STYLE_SOURCE = `'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`;
