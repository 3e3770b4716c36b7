import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { imageType, logoProblems, MOST_BYTES, readLogo } from './logo.ts'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-logo-'))
after(() => fs.rmSync(dir, { recursive: true }))

function write(name: string, content: string | Buffer): string {
  const file = path.join(dir, name)
  fs.writeFileSync(file, content)
  return file
}

const svg = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'

test('what a picture is is told by its content', () => {
  for (const [content, type] of [
    [svg, 'image/svg+xml'],
    [
      `\ufeff<?xml version="1.0"?>\n<!-- drawn -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">\n${svg}`,
      'image/svg+xml',
    ],
    ['<svg>', undefined],
    ['<html><svg xmlns="http://www.w3.org/2000/svg"/></html>', undefined],
    ['\x89PNG\r\n\x1a\n…', 'image/png'],
    ['\xff\xd8\xff\xe0', 'image/jpeg'],
    ['RIFF\x00\x00\x00\x00WEBPVP8 ', 'image/webp'],
    ['\x00\x00\x01\x00\x01', 'image/x-icon'],
    ['#!/bin/sh', undefined],
    ['', undefined],
  ] as const) {
    const body = Buffer.from(content, content.startsWith('\ufeff') || content.startsWith('<') ? 'utf8' : 'latin1')
    assert.equal(imageType(body), type, content.slice(0, 20))
  }
})

test('a picture is read with its kind', () => {
  const file = write('logo.txt', svg)
  assert.deepEqual(readLogo(file), { type: 'image/svg+xml', body: Buffer.from(svg) })
  assert.deepEqual(logoProblems({ brand: { name: null, logo: file } }), [])
  assert.deepEqual(logoProblems({ brand: { name: null, logo: null } }), [])
  assert.deepEqual(logoProblems({}), [])
})

test('what cannot be shown is told with what to do about it', () => {
  for (const [file, expected] of [
    [path.join(dir, 'none.svg'), /cannot be used: ENOENT/],
    [dir, /it is no file: name a picture/],
    [write('page.svg', '<html></html>'), /it is no picture: use an SVG, PNG, JPEG, WebP or ICO file/],
    [
      write('large.svg', svg + ' '.repeat(MOST_BYTES)),
      /it has 51 kB: make it smaller, at most 50 kB, since every page/,
    ],
  ] as const) {
    const [problem, ...others] = logoProblems({ brand: { name: null, logo: file } })
    assert.deepEqual([problem?.variable, others], ['LOTAN_LOGO', []])
    assert.match(problem!.problem, expected)
    assert.ok(problem!.problem.includes(file))
  }
})
