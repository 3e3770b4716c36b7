import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadParameter } from './parameters.ts'
import { readWanted } from './wanted.ts'

const red = { repository: '', tag: 'red' }
const exec = {
  does: 'exec',
  service: null,
  command: null,
  terminal: null,
  env: [],
  via: 'api',
  resume: null,
  seen: null,
}
const run = {
  does: 'run',
  command: [],
  terminal: null,
  env: [],
  user: null,
  workdir: null,
  memory: null,
  cpus: null,
}
const secret = 's'.repeat(43)

test('what an address asks for', () => {
  const cases: [uri: string, preview: object, ask: object][] = [
    ['/previews/red/exec?ticket=t', red, exec],
    ['/repositories/api/previews/pr-7--as-anna/exec?ticket=t', { repository: 'api', tag: 'pr-7--as-anna' }, exec],
    ['/previews/r%65d/exec?ticket=t&tty=0', red, exec],
    [
      '/previews/red/exec?ticket=t&service=db&cmd=psql&cmd=-c&cmd=select%201%3F&cmd=',
      red,
      { ...exec, service: 'db', command: ['psql', '-c', 'select 1?', ''] },
    ],
    [
      '/previews/red/exec?ticket=t&tty=1&columns=97&rows=31&term=xterm-256color',
      red,
      { ...exec, terminal: { columns: 97, rows: 31 }, env: ['TERM=xterm-256color'] },
    ],
    [
      `/previews/red/exec?ticket=t&tty=1&via=page&resume=${secret}&seen=12`,
      red,
      { ...exec, terminal: { columns: 80, rows: 24 }, env: ['TERM=xterm'], via: 'page', resume: secret, seen: 12 },
    ],
    ['/previews/red/run?ticket=t', red, run],
    [
      '/previews/red/run?ticket=t&cmd=rake&cmd=db:migrate&env=A=1&env=B=x%3Dy&user=0:0&workdir=/srv%20x&memory=1g&cpus=0.5',
      red,
      {
        ...run,
        command: ['rake', 'db:migrate'],
        env: ['A=1', 'B=x=y'],
        user: '0:0',
        workdir: '/srv x',
        memory: '1g',
        cpus: '0.5',
      },
    ],
    ['/previews/red/forward?ticket=t&to=db:5432', red, { does: 'forward', host: 'db', port: 5432 }],
    ['/previews/red/forward?to=80', red, { does: 'forward', host: null, port: 80 }],
  ]
  for (const [uri, preview, ask] of cases) {
    const ticket = uri.includes('ticket=t') ? 't' : null
    assert.deepEqual(readWanted(uri), { preview, ticket, ask }, uri)
  }
})

test('an address that is none of these', () => {
  for (const uri of [
    '',
    '/',
    '/files',
    '/previews/red',
    '/previews/red/files',
    '/previews/red/exec/',
    '/previews/a/b/exec',
    '/x/previews/red/exec',
    '//previews/red/exec',
  ])
    // prettier-ignore
    assert.equal(readWanted(uri), undefined, uri)
})

test('a parameter that is unknown, doubled or wrong, or that would be ignored, is told', () => {
  const cases: [uri: string, told: RegExp][] = [
    ['/previews/red/exec?comand=ls', /no parameter "comand" here. There are: ticket, service, tty/],
    ['/previews/red/exec?service=db&service=web', /^service stands there twice/],
    ['/previews/red/exec?ticket=1&ticket=2', /^ticket stands there twice/],
    ['/previews/red/exec?tty=yes', /^tty is 1 or 0/],
    ['/previews/red/exec?columns=80', /^columns needs tty=1/],
    ['/previews/red/exec?term=vt100&tty=0', /^term needs tty=1/],
    ['/previews/red/exec?tty=1&columns=0', /^columns is a number from 1 to 65535/],
    ['/previews/red/exec?tty=1&rows=65536', /^rows is a number from 1 to 65535/],
    ['/previews/red/exec?tty=1&rows=2e1', /^rows is a number/],
    ['/previews/red/exec?tty=1&term=a%0Ab', /^term is the kind of terminal/],
    ['/previews/red/exec?cmd=&cmd=x', /^The first cmd is the program/],
    ['/previews/red/exec?cmd=a%00b', /^cmd is without a zero byte/],
    ['/previews/red/exec?service=', /^service is the name of a service/],
    ['/previews/red/exec?env=A=1', /no parameter "env"/],
    ['/previews/red/exec?via=page', /^via=page needs tty=1/],
    ['/previews/red/exec?via=ssh', /^via is page, or left out/],
    [`/previews/red/exec?tty=1&resume=${secret}`, /^resume needs via=page/],
    [`/previews/red/exec?tty=1&via=page&resume=${secret}&cmd=ls`, /^resume goes on with a session: it takes no cmd/],
    ['/previews/red/exec?tty=1&via=page&seen=1', /^seen needs resume/],
    ['/previews/red/exec?tty=1&via=page&resume=short', /^resume is what “open” has said/],
    ['/previews/red/run?env=1A=2', /^env is NAME=VALUE/],
    ['/previews/red/run?env=A', /^env is NAME=VALUE/],
    ['/previews/red/run?workdir=srv', /^workdir is an absolute path/],
    ['/previews/red/run?user=a%20b', /^user is a name or UID:GID/],
    ['/previews/red/run?service=db', /no parameter "service"/],
    ['/previews/red/forward', /^to is missing/],
    ['/previews/red/forward?to=db', /^to is PORT of the application, or SERVICE:PORT/],
    ['/previews/red/forward?to=db:0', /^A port is a number from 1 to 65535/],
    ['/previews/red/forward?to=70000', /^A port is a number from 1 to 65535/],
    ['/previews/red/forward?to=80&tty=1', /no parameter "tty" here. There are: ticket, to/],
    ['/previews/%e0%a4%a/exec', /^The path has a percent sign/],
  ]
  for (const [uri, told] of cases)
    assert.throws(() => readWanted(uri), (error) => error instanceof BadParameter && told.test(error.message), uri) // prettier-ignore
})
