import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { startLotan } from '../testing/harness/lotan.ts'
const figures = (pid: number) => {
  const pss = Number(/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))![1]) / 1024
  const rss = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
  let switches = 0
  for (const task of fs.readdirSync(`/proc/${pid}/task`)) switches += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'))![1])
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return { pss, rss, switches, ticks: Number(stat[11]) + Number(stat[12]) }
}
for (const on of ['off', 'on', 'off', 'on']) {
  const lotan = await startLotan({ repository: '127.0.0.1:1/nothing', env: on === 'on' ? { LOTAN_SHELL: 'on' } : {} })
  console.log(on, /ready in .*/.exec(lotan.said())?.[0])
  if (on === 'on') {
    await sleep(15_000)
    const names = ['shell', 'reaper', 'router', 'queue-processor'] as const
    const was = names.map((name) => figures(lotan.part(name)!))
    await sleep(20_000)
    names.forEach((name, i) => {
      const now = figures(lotan.part(name)!)
      console.log(name, `pss ${now.pss.toFixed(0)} MB rss ${now.rss.toFixed(0)} MB`, `${((now.switches - was[i]!.switches) / 20).toFixed(1)} wake-ups a second`, `${((now.ticks - was[i]!.ticks) / 20).toFixed(2)} % cpu`)
    })
  }
  await lotan.stop()
}
