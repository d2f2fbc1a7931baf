// Where the cells run: the packed package, installed with each Express, in reach of the matrix's tools.
import { execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const tools = join(here, 'node_modules')
export const project = dirname(here)

/**
 * @param quick takes the Node that runs this and Express 5: does without the Node binaries, most of
 *   the download
 * @param keep leaves the folders where they are
 */
export function createWorkspace({ quick, keep }) {
  installTools(quick)
  const root = mkdtempSync(join(tmpdir(), 'start-api-matrix-'))
  process.on('exit', () => !keep && rmSync(root, { recursive: true, force: true }))
  symlinkSync(tools, join(root, 'node_modules'))
  const tarball = pack(root)
  const nodes = quick ? ['this'] : ['20', '22', '24', '26']
  const hosts = (quick ? ['express5'] : ['express4', 'express5']).map((name) => {
    const folder = write(join(root, name), { 'package.json': HOSTS[name](tarball) })
    execFileSync('npm', ['install', ...QUIET, '--loglevel=error'], { cwd: folder, stdio: SILENT })
    return { name, folder }
  })
  return { root, tarball, nodes, hosts, nodeBinary, run }
}

const QUIET = ['--prefer-offline', '--no-audit', '--no-fund']
const SILENT = ['ignore', 'ignore', 'inherit']

/** Both ends of what package.json admits: the oldest of everything, and the newest. */
const HOSTS = {
  express4: (tarball) => {
    const { dependencies, peerDependencies } = manifest()
    const overrides = Object.fromEntries(
      Object.entries(dependencies).map(([name, range]) => [name, oldest(range)]),
    )
    return packageOf(tarball, oldest(peerDependencies.express), { overrides })
  },
  express5: (tarball) => packageOf(tarball, '^5'),
}

function packageOf(tarball, express, more = {}) {
  const dependencies = { express, 'express-start-api': `file:${tarball}` }
  return JSON.stringify({ private: true, dependencies, ...more })
}

/** `^4.17 || ^5` → `4.17.0` */
function oldest(range) {
  const [, major, minor = 0, patch = 0] = /(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(range)
  return `${major}.${minor}.${patch}`
}

export function manifest() {
  return JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
}

function installTools(quick) {
  const modified = (file) => (existsSync(file) ? statSync(file).mtimeMs : -Infinity)
  const isFresh =
    modified(join(tools, '.package-lock.json')) >= modified(join(here, 'package-lock.json'))
  if (isFresh && existsSync(join(tools, quick ? 'tsx' : 'node26'))) return
  const omit = quick ? ['--omit=dev'] : []
  execFileSync('npm', ['ci', ...omit, ...QUIET], { cwd: here, stdio: 'inherit' })
}

function pack(root) {
  const printed = execFileSync('npm', ['pack', '--json', '--pack-destination', root], {
    cwd: project,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // The build, which runs before, prints to the same place.
  return join(root, JSON.parse(printed.slice(printed.search(/^\[/m)))[0].filename)
}

function nodeBinary(node) {
  return node === 'this' ? process.execPath : join(tools, `node${node}/bin/node`)
}

/** Creates a folder with these files. */
export function write(folder, files) {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/**
 * Runs a program by its name until it ends: with this Node, the folder's own commands and the tools in
 * reach.
 */
function run(folder, [program, ...args], { node = 'this', env = {} } = {}) {
  const bins = [dirname(nodeBinary(node)), ...binsAbove(folder), join(tools, '.bin')]
  const PATH = [...bins, process.env.PATH].join(delimiter)
  const { CI: _, ...inherited } = process.env // bundlers and test runners print less where it is set
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...inherited, NODE_OPTIONS: '', PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 120_000,
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ code: 1, output: error.message }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

function binsAbove(folder) {
  return [folder, dirname(folder)].map((each) => join(each, 'node_modules/.bin'))
}
