/**
 * A server's certificates: made by setup, renewed at start.
 */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../base/operator-error.js';
import { advertisedAddress } from '../config/server-config.js';
import {
  type CertificatePaths,
  ensureAuthority,
  ensureServerCertificate,
  readCertificate,
  serverHosts,
} from '../io/certificates.js';
import { makePrivateFolder, pathExists } from '../io/files.js';
import type { Log } from '../port/log.js';
import { parseAddress } from '../topology/address.js';
import { inDirectory, type ServerConfig } from './config/read-config.js';
import type { ServerFiles } from './server-files.js';

const AUTHORITY_NAME = 'Polyarch topology CA';

/** Makes the CA (or copies that of the server in `caFrom`) and the server's certificate. Throws OperatorError TLS_INVALID. */
export async function makeCertificates(
  files: ServerFiles,
  serverName: string,
  hosts: readonly string[],
  caFrom: string | undefined,
  nowMs: number,
): Promise<void> {
  await makePrivateFolder(files.tls);
  const paths = authorityPaths(files.tls);
  if (caFrom !== undefined) await copyAuthority(join(caFrom, 'tls'), paths);
  const authority = await ensureAuthority(paths, AUTHORITY_NAME, nowMs);
  await ensureServerCertificate(ownPaths(files.tls), authority, serverName, serverHosts(hosts), nowMs);
}

/**
 * Renews the server's certificate where the CA's key is at hand and the certificate is ours and close to its end. Missing files are made again only where setup
 * made them: a path that somebody configured and that leads nowhere is OperatorError TLS_INVALID, as is a certificate without its key.
 */
export async function renewCertificate(config: ServerConfig, log: Log): Promise<void> {
  const { files, settings } = config;
  const own = {
    certificate: inDirectory(files, settings['tls.certificate']),
    key: inDirectory(files, settings['tls.key']),
  };
  await requireOwnOrPresent(config, own);
  const authority = await readCertificate({
    certificate: inDirectory(files, settings['tls.ca']),
    key: inDirectory(files, settings['tls.caKey']),
  });
  if (authority === undefined) return;
  try {
    if (
      await ensureServerCertificate(
        own,
        authority,
        settings['server.name'],
        advertisedHosts(config),
        Date.now(),
      )
    )
      log.info({ certificate: own.certificate }, 'the server certificate was renewed');
  } catch (error) {
    log.error({ error: (error as Error).message }, 'the server certificate could not be renewed');
  }
}

/** Throws TLS_INVALID unless both files exist, or both are missing where setup made them. */
async function requireOwnOrPresent({ files, settings }: ServerConfig, own: CertificatePaths): Promise<void> {
  const here = await pathExists(own.certificate);
  if (here && (await pathExists(own.key))) return;
  const made = ownPaths(files.tls);
  const isMade = own.certificate === made.certificate && own.key === made.key;
  if (isMade && !here && !(await pathExists(own.key))) return;
  const [option, path] = here
    ? (['tls.key', own.key] as const)
    : (['tls.certificate', own.certificate] as const);
  throw new OperatorError(
    'TLS_INVALID',
    `${path} (${option}: ${settings[option]}) does not exist; mend the path in ${files.config}, or put the file there`,
  );
}

/** Host names of the advertised addresses; wildcards are none. */
function advertisedHosts(config: ServerConfig): string[] {
  const hosts: string[] = [];
  for (const kind of ['ldap', 'ldaps', 'replication', 'http'] as const) {
    const host = parseAddress(advertisedAddress(config.settings, kind) ?? '')?.host;
    if (host !== undefined && host !== '0.0.0.0' && host !== '::') hosts.push(host);
  }
  return hosts;
}

function ownPaths(folder: string): CertificatePaths {
  return { certificate: join(folder, 'server.crt'), key: join(folder, 'server.key') };
}

function authorityPaths(folder: string): CertificatePaths {
  return { certificate: join(folder, 'ca.crt'), key: join(folder, 'ca.key') };
}

async function copyAuthority(from: string, to: CertificatePaths): Promise<void> {
  const source = authorityPaths(from);
  for (const path of [source.certificate, source.key])
    if (!(await pathExists(path)))
      throw new OperatorError(
        'TLS_INVALID',
        `${path} does not exist; --ca-from names the directory of a server whose CA key is there`,
      );
  await cp(source.certificate, to.certificate);
  await cp(source.key, to.key);
}
