import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { domain, openBed, type Bed } from '../admin/harness.ts'

const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-brand-'))
const file = path.join(dir, 'logo.svg')
let bed: Bed
before(async () => {
  fs.writeFileSync(file, svg)
  bed = await openBed({ LOTAN_NAME: 'Acme & Sons', LOTAN_LOGO: file, REPOSITORY: 'reg.example.com/team/shop' })
})
after(async () => {
  await bed?.close()
  fs.rmSync(dir, { recursive: true })
})

test('the picture is inline on a preview’s host, and a file on the admin’s, where no SVG may run anything', async () => {
  const visitor = await bed.door('/answer', { 'X-Host': `red.${domain}`, Accept: 'text/html' })
  const inline = `<img class="logo" src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}" alt="">`
  assert.ok(visitor.text.includes(`<p class="brand">${inline} <span><b>Acme &amp; Sons</b> · shop previews</span>`))
  assert.match(String(visitor.headers['content-security-policy']), /img-src data:;/)

  const admin = await bed.ask('/', { headers: { Cookie: await bed.cookie() } })
  assert.match(admin.text, /<a class="home" href="\/"><img class="logo" src="\/logo" alt=""> Acme &amp; Sons<\/a>/)
  assert.match(admin.text, /<title>Previews · Acme &amp; Sons<\/title>/)
  const login = await bed.ask('/login')
  assert.match(login.text, /<p class="brand"><img class="logo" src="\/logo" alt="">/)

  const picture = await bed.ask('/logo')
  assert.deepEqual([picture.status, picture.headers['content-type']], [200, 'image/svg+xml'])
  assert.match(String(picture.headers['content-security-policy']), /default-src 'none'.*sandbox/)
  assert.equal(picture.headers['x-content-type-options'], 'nosniff')
  assert.equal(picture.text, svg)
})

test('pages go without a picture that is gone when the router starts', async () => {
  fs.rmSync(file)
  const other = await openBed({ LOTAN_LOGO: file })
  try {
    assert.match((await other.ask('/login')).text, /<p class="brand"><svg class="logo"/)
    assert.equal((await other.ask('/logo')).status, 404)
    assert.ok(other.lines.some((line) => line.includes('LOTAN_LOGO cannot be used')))
  } finally {
    await other.close()
  }
})
