// The load that servers are given, and the check of their answers before it.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { scenarios } from './scenarios.mjs'

if (spawnSync('wrk', ['-v']).error !== undefined) {
  console.error('The benchmark needs wrk: apt-get install wrk')
  process.exit(1)
}
const pinned = cpus().length > 1 && spawnSync('taskset', ['-V']).error === undefined

/** A command on one core: the server's is 0, the load's 1. */
export const pin = (core, command) =>
  pinned ? ['taskset', '-c', String(core), ...command] : command

/** The scenarios that a command line names, of those there are; all, if it names none. */
export function toAsked(named, names) {
  const unknown = named.find((name) => !names.includes(name))
  if (unknown === undefined) return named.length > 0 ? named : names
  console.error(`No such scenario here: ${unknown}. There are ${names.join(', ')}.`)
  return process.exit(1)
}

/** What is wrong with a contender's answer, if anything is. */
export async function findFault(url, scenario) {
  const { method, path, headers, body, answer } = scenarios[scenario]
  const response = await fetch(url + path, { method, headers, body })
  const text = await response.text()
  return response.status === 200 && text === answer
    ? undefined
    : `${response.status} ${text.slice(0, 60)}`
}

/** wrk, asking for a scenario. */
export function startLoad(url, scenario, seconds) {
  const { method, path, headers = {}, body, isHeavy } = scenarios[scenario]
  const directory = mkdtempSync(join(tmpdir(), 'bench-'))
  const script = join(directory, 'request.lua')
  const lines = [
    `wrk.method = ${JSON.stringify(method)}`,
    ...Object.entries(headers).map(
      ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
    ),
  ]
  if (isHeavy && body !== undefined) lines.push(`wrk.body = string.rep("x", ${body.length})`)
  else if (body !== undefined) lines.push(`wrk.body = ${JSON.stringify(body)}`)
  writeFileSync(script, lines.join('\n'))
  const connections = isHeavy ? 8 : 50
  const wrk = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url + path]
  const [command, ...args] = pin(1, wrk)
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  child.once('exit', () => rmSync(directory, { recursive: true }))
  return child
}
