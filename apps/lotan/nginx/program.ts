/** The nginx of this machine: which one it is, and what it can load. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const ASK_MS = 5_000
/** From the same Debian as the nginx of apps/lotan/install/set-up.sh; Lua needs the kit beside it. */
const LUA_MODULES = ['ndk_http_module.so', 'ngx_http_lua_module.so']

export interface NginxProgram {
  /** As it calls itself, such as `nginx/1.22.1`. */
  name: string
  /** Files to load so that it speaks Lua; empty where Lua is built in. */
  luaModules: string[]
  /** Whether HTTP/2 is a directive of its own; before 1.25.1 it is a word of `listen`. */
  http2On: boolean
}

/**
 * Asks nginx what it is.
 * @throws with words for the operator where it is not there, or speaks no Lua: by nginx alone, what an application sends
 * besides its one answer would reach other visitors
 */
export function findNginx(): NginxProgram {
  const { stderr, error } = spawnSync('nginx', ['-V'], { encoding: 'utf8', timeout: ASK_MS })
  if (error) throw new Error(`nginx cannot be run: ${error.message}`)
  return readNginx(stderr, fs.existsSync)
}

/** The same from what `nginx -V` says. */
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

/** Whether a program is this version or a later one; openresty's first three numbers are its nginx's. */
function isFrom(name: string, wanted: number[]): boolean {
  const version = /\/(\d+)\.(\d+)\.(\d+)/.exec(name)?.slice(1).map(Number) ?? []
  const differs = wanted.findIndex((number, i) => version[i] !== number)
  return differs < 0 || (version[differs] ?? 0) > wanted[differs]!
}
