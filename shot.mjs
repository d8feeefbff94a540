import { chromium } from "playwright-core";
const [,, url, out, scheme="light", ...actions] = process.argv;
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const p = await b.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: scheme });
p.on("console", m => console.log("console", m.type(), m.text())); p.on("pageerror", e => console.log("pageerror", e.message));
p.on("requestfailed", r => console.log("failed", r.url(), r.failure()?.errorText));
await p.goto(url); await p.waitForTimeout(2500);
for (const a of actions) { if (/^\d+$/.test(a)) await p.waitForTimeout(+a); else await p.click(a, { timeout: 4000 }).catch(e => console.log("click", a, e.message.split("\n")[0])); }
await p.screenshot({ path: out }); await b.close();
