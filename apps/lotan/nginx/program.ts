import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const ASK_MS = 5_000
/** From the same Debian as the nginx of apps/lotan/install/set-up.sh. Lua needs the development kit (ndk). */
const LUA_MODULES = ['ndk_http_module.so', 'ngx_http_lua_module.so']

export interface NginxProgram {
  /** `nginx/1.22.1`. */
  name: string
  /** Empty where Lua is built in. */
  luaModules: string[]
  /** `http2 on` is a directive since 1.25.1; before that `http2` is a parameter of `listen`. */
  http2On: boolean
}

/** @throws without nginx or its Lua: without Lua, what an application sends after its response reaches others */
export function findNginx(): NginxProgram {
  const { stderr, error } = spawnSync('nginx', ['-V'], { encoding: 'utf8', timeout: ASK_MS })
  if (error) throw new Error(`nginx cannot be run: ${error.message}`)
  return readNginx(stderr, fs.existsSync)
}

export function readNginx(said: string, exists: (file: string) => boolean): NginxProgram {
  const name = /^nginx version: (\S+)/m.exec(said)?.[1] ?? 'nginx'
  const http2On = isFrom(name, [1, 25, 1])
  if (/--add-module=\S*lua-nginx-module|--add-module=\S*ngx_lua/.test(said)) return { name, luaModules: [], http2On }
  const dir = /--modules-path=(\S+)/.exec(said)?.[1] ?? '/usr/lib/nginx/modules'
  const luaModules = LUA_MODULES.map((file) => path.join(dir, file))
  const missing = luaModules.find((file) => !exists(file))
  if (missing === undefined) return { name, luaModules, http2On }
  throw new Error(
    `${name} has no Lua module (${missing}), without which previews could answer for each other: ` +
      "install Debian's nginx with libnginx-mod-http-lua, or another nginx with its own Lua module",
  )
}

/** openresty's first three numbers are its nginx's. */
function isFrom(name: string, wanted: number[]): boolean {
  const version = /\/(\d+)\.(\d+)\.(\d+)/.exec(name)?.slice(1).map(Number) ?? []
  const differs = wanted.findIndex((number, i) => version[i] !== number)
  return differs < 0 || (version[differs] ?? 0) > wanted[differs]!
}
