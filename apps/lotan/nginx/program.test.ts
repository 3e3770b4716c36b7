import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readNginx } from './program.ts'

const debian = `nginx version: nginx/1.22.1
built with OpenSSL 3.0.15 3 Sep 2024
configure arguments: --prefix=/usr/share/nginx --modules-path=/usr/lib/nginx/modules --with-compat`
const openresty = `nginx version: openresty/1.21.4.1
configure arguments: --prefix=/usr/local/openresty/nginx --add-module=../ngx_devel_kit-0.3.1 --add-module=../ngx_lua-0.10.21`

test('nginx loads its Lua module from where its modules are', () => {
  const { name, luaModules } = readNginx(debian, () => true)
  assert.equal(name, 'nginx/1.22.1')
  assert.deepEqual(luaModules, [
    '/usr/lib/nginx/modules/ndk_http_module.so',
    '/usr/lib/nginx/modules/ngx_http_lua_module.so',
  ])
})

test('an nginx that has Lua built in loads nothing', () => {
  assert.deepEqual(readNginx(openresty, () => false).luaModules, [])
})

test('an nginx without Lua is refused, and it is said what to install', () => {
  for (const there of ['ndk_http_module.so', 'nothing'])
    assert.throws(
      () => readNginx(debian, (file) => file.endsWith(there)),
      /^Error: nginx\/1\.22\.1 has no Lua module \(\S+\.so\).* libnginx-mod-http-lua/,
    )
})

test('HTTP/2 is a word of listen before nginx 1.25.1, and a directive since then', () => {
  const found = [
    'nginx/1.22.1',
    'nginx/1.25.0',
    'nginx/1.25.1',
    'nginx/1.26.0',
    'nginx/2.0.0',
    'openresty/1.25.3.1',
    'x',
  ]
  assert.deepEqual(
    found.map((name) => readNginx(debian.replace('nginx/1.22.1', name), () => true).http2On),
    [false, false, true, true, true, true, false],
  )
})
