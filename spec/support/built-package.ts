// The package as it is published, and applications around it that run in processes of their own.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const project = resolve(__dirname, '../..')

let root: string | undefined

/** Builds the package, with the project's own build settings, into a folder of its own. */
export function buildPackage(): void {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'start-api-built-')))
  const home = join(root, 'package')
  mkdirSync(home)
  copyFileSync(join(project, 'package.json'), join(home, 'package.json'))
  symlinkSync(join(project, 'node_modules'), join(home, 'node_modules'))
  const build = spawnSync(
    process.execPath,
    [
      join(project, 'node_modules/tsup/dist/cli-default.js'),
      '--silent',
      '--no-dts',
      '--no-clean',
      '--out-dir',
      join(home, 'dist'),
    ],
    { cwd: project, encoding: 'utf8' },
  )
  if (build.status !== 0) throw new Error(`The build failed: ${build.stdout}${build.stderr}`)
}

/**
 * An application folder with these files, in which `express-start-api` is installed, and the
 * project's packages that are named.
 */
export function createApp(
  files: Readonly<Record<string, string>>,
  packages: readonly string[] = [],
): string {
  if (root === undefined) throw new Error('Call buildPackage() first.')
  const app = mkdtempSync(join(root, 'app-'))
  mkdirSync(join(app, 'node_modules'))
  symlinkSync(join(root, 'package'), join(app, 'node_modules/express-start-api'))
  for (const name of packages) {
    mkdirSync(dirname(join(app, 'node_modules', name)), { recursive: true })
    symlinkSync(realpathSync(join(project, 'node_modules', name)), join(app, 'node_modules', name))
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(app, name)), { recursive: true })
    writeFileSync(join(app, name), text)
  }
  return app
}

/** Runs Node in an application folder until it ends. */
export function runNode(app: string, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, args, {
    cwd: app,
    encoding: 'utf8',
    timeout: 20_000,
    env: { ...process.env, NODE_OPTIONS: '' },
  })
}

afterAll(() => {
  if (root !== undefined) rmSync(root, { recursive: true, force: true })
})
