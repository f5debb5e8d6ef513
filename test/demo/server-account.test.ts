import { chmod, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { canReach, chooseServerAccount } from '../../src/demo/server-account.ts';

const PASSWD = 'root:x:0:0::/root:/bin/sh\nbin:x:2:2::/:\nnobody:x:65534:65533::/:\n';

describe('the account', () => {
  test('is our own unless we are root', () => {
    const account = chooseServerAccount(1000, 1000, () => PASSWD);
    expect(account).toEqual({ name: '', uid: 1000, gid: 1000, own: true });
  });

  test.each([
    ['postgres before nobody', `${PASSWD}postgres:x:70:71::/:\n`, 'postgres', 70, 71],
    ['nobody where there is no postgres', PASSWD, 'nobody', 65534, 65533],
    ['any other where there is neither', 'root:x:0:0::/:\nbin:x:2:3::/:\n', 'bin', 2, 3],
  ])('is, for root, %s', (_, passwd, name, uid, gid) => {
    expect(chooseServerAccount(0, 0, () => passwd)).toEqual({ name, uid, gid, own: false });
  });

  test('cannot be found where root is alone', () => {
    expect(() => chooseServerAccount(0, 0, () => 'root:x:0:0::/:\ntoor:x:0:0::/:\n')).toThrow(
      expect.objectContaining({ code: 'DEMO_SERVER' }),
    );
  });
});

describe('a folder can be reached', () => {
  const stranger = { name: 'stranger', uid: 54321, gid: 54321, own: false };

  test('when every folder above lets the account pass, links resolved', async () => {
    const base = await mkdtemp(path.join(os.tmpdir(), 'tidemark-reach-'));
    await chmod(base, 0o711);
    const inner = path.join(base, 'inner');
    await mkdir(inner, { mode: 0o755 });
    const wanted = path.join(inner, 'not', 'yet', 'there');
    expect(canReach(stranger, wanted)).toBe(true);
    await chmod(base, 0o700);
    expect(canReach(stranger, wanted)).toBe(false);
    const link = `${base}-link`;
    await symlink(inner, link);
    expect(canReach(stranger, link)).toBe(false);
    await rm(link);
    await rm(base, { recursive: true });
  });

  test('by its owner through the owner bits alone', async () => {
    const base = await mkdtemp(path.join(os.tmpdir(), 'tidemark-reach-'));
    const owner = { ...stranger, uid: process.getuid?.() ?? 0 };
    await chmod(base, 0o100);
    expect(canReach(owner, base)).toBe(true);
    await chmod(base, 0o011);
    // The kernel looks at the first class that fits, whatever the others allow.
    expect(canReach(owner, base)).toBe(false);
    await chmod(base, 0o700);
    await rm(base, { recursive: true });
  });
});
