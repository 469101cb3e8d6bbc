import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOG_LIMITS } from '../../../src/object-index/log-limits.ts';
import { migrate } from '../../../src/object-index/migrate.ts';
import { type OperationTable, writeOperations } from '../../../src/object-index/operations.ts';
import type { Reply, Request } from '../../../src/object-index/request-channel.ts';
import { openDatabase, type SqliteDatabase } from '../../../src/object-index/sqlite-database.ts';
import { SqliteWriter } from '../../../src/object-index/sqlite-writer.ts';
import { run } from '../../../src/object-index/statements.ts';
import { checkpoint, RestartRequest } from '../../../src/object-index/write-ahead-log.ts';
import { NOW_MS } from '../../support/object-index.ts';

const context = { nowMs: NOW_MS, deletionNotBeforeMs: NOW_MS };

/** The index's operations and some that fail in ways real ones only do when the disk does. */
const operations = {
  ...writeOperations,
  *failAfterWriting(_: unknown, fileId: string) {
    yield* writeOperations.queueDeletions(context, [fileId], 1);
    throw new Error('after writing');
  },
  *rollBackEverything() {
    yield* run('ROLLBACK', []);
    throw new Error('the transaction is gone');
  },
  *failAtCommit() {
    yield* run('PRAGMA defer_foreign_keys = ON', []);
    yield* run(
      `INSERT INTO access_keys (access_key_id, user_id, secret_encrypted, created_at_ms)
        VALUES ('a', 'nobody', x'00', 1)`,
      [],
    );
  },
} as unknown as OperationTable;

describe('SqliteWriter', () => {
  let directory: string;
  let path: string;
  let database: SqliteDatabase;
  let writer: SqliteWriter;
  let observer: SqliteDatabase;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sqlite-writer-'));
    path = join(directory, 'index.db');
    database = openDatabase(path);
    migrate(database, path);
    writer = new SqliteWriter(path, operations, database);
    observer = new Database(path, { timeout: 0 });
  });
  afterEach(() => {
    writer.close();
    observer.close();
    rmSync(directory, { recursive: true });
  });

  const queue = (fileId: string): Request => ['queueDeletions', [[fileId], 1]];
  const queued = () =>
    observer.prepare('SELECT file_id FROM deletion_queue ORDER BY id').pluck().all();
  const reasons = (replies: readonly Reply[]) =>
    replies.map((reply) => ('error' in reply ? reply.error.reason : 'done'));

  it('fails one write of a batch without its neighbours', () => {
    const replies = writer.runBatch(
      [queue('g/a'), ['failAfterWriting', ['g/b']], ['noSuchOperation', []], queue('g/c')],
      context,
    );
    expect(reasons(replies)).toEqual(['done', 'failed', 'failed', 'done']);
    expect(replies[1]).toMatchObject({
      error: { message: expect.stringContaining('after writing'), mayBeCommitted: false },
    });
    expect(queued()).toEqual(['g/a', 'g/c']);
  });

  it('syncs the log for every probe, not only for the first', () => {
    const logSizes = [1, 2, 3].map(() => {
      writer.runBatch([['probeWrite', []]], context);
      return statSync(`${path}-wal`).size;
    });
    expect(logSizes).toEqual([...new Set(logSizes)].sort((a, b) => a - b));
  });

  it('fails the whole batch when the transaction is lost, and goes on with the next', () => {
    const replies = writer.runBatch(
      [queue('g/a'), ['rollBackEverything', []], queue('g/b')],
      context,
    );
    expect(reasons(replies)).toEqual(['failed', 'failed', 'failed']);
    expect(queued()).toEqual([]);
    expect(reasons(writer.runBatch([queue('g/c')], context))).toEqual(['done']);
    expect(queued()).toEqual(['g/c']);
  });

  it('answers no write of a batch whose commit fails', () => {
    const replies = writer.runBatch([queue('g/a'), ['failAtCommit', []]], context);
    expect(reasons(replies)).toEqual(['failed', 'failed']);
    expect(replies[0]).toMatchObject({ error: { mayBeCommitted: false } });
    expect(queued()).toEqual([]);
    expect(reasons(writer.runBatch([queue('g/b')], context))).toEqual(['done']);
    expect(queued()).toEqual(['g/b']);
  });

  it('says that the disk is full, keeps what was acknowledged, and recovers', () => {
    expect(reasons(writer.runBatch([queue('g/a')], context))).toEqual(['done']);
    const pageCount = database.pragma('page_count', { simple: true });
    database.pragma(`max_page_count = ${pageCount}`);
    const many = Array.from({ length: 5000 }, (_, i) => `g/many-${i}`);
    const replies = writer.runBatch([['queueDeletions', [many, 1]], queue('g/b')], context);
    expect(reasons(replies)).toContain('full');
    expect(queued()[0]).toBe('g/a');
    expect(queued().filter((fileId) => String(fileId).startsWith('g/many'))).toEqual([]);
    database.pragma('max_page_count = 1000000');
    expect(reasons(writer.runBatch([['queueDeletions', [many, 1]]], context))).toEqual(['done']);
    expect(queued()).toHaveLength(many.length + queuedBefore(replies));
  });

  /** `g/a`, and `g/b` when its page had room. */
  const queuedBefore = (replies: readonly Reply[]) => (reasons(replies)[1] === 'done' ? 2 : 1);

  describe('asked to have the log started over', () => {
    const logLimits = { ...LOG_LIMITS, restartSizeBytes: 100_000 };
    const many = Array.from({ length: 1500 }, (_, i) => `g/${i}-${'x'.repeat(80)}`);
    let restart: RestartRequest;
    let restarting: SqliteWriter;
    let own: SqliteDatabase;
    const logSize = () => checkpoint(observer, 'NOOP').sizeBytes;
    beforeEach(() => {
      restart = new RestartRequest();
      own = openDatabase(path);
      restarting = new SqliteWriter(path, operations, own, { restart, logLimits });
      expect(reasons(restarting.runBatch([['queueDeletions', [many, 1]]], context))).toEqual([
        'done',
      ]);
      expect(logSize()).toBeGreaterThan(logLimits.restartSizeBytes);
    });
    afterEach(() => restarting.close());

    it('does it before the next transaction, and not again unasked', () => {
      restart.ask(10);
      expect(reasons(restarting.runBatch([queue('g/a')], context))).toEqual(['done']);
      const restarted = logSize();
      expect(restarted).toBeLessThan(logLimits.restartSizeBytes);
      expect(reasons(restarting.runBatch([queue('g/b')], context))).toEqual(['done']);
      expect(logSize()).toBeGreaterThan(restarted);
      expect(queued()).toHaveLength(many.length + 2);
    });

    it('writes on when a reader does not end meanwhile', () => {
      const reader = new Database(path, { readonly: true });
      reader.exec('BEGIN');
      reader.prepare('SELECT COUNT(*) FROM deletion_queue').get();
      restart.ask(10);
      const before = logSize();
      expect(reasons(restarting.runBatch([queue('g/a')], context))).toEqual(['done']);
      expect(logSize()).toBeGreaterThan(before);
      reader.exec('COMMIT');
      reader.close();
      restart.ask(10);
      expect(reasons(restarting.runBatch([queue('g/b')], context))).toEqual(['done']);
      expect(logSize()).toBeLessThan(before);
    });

    it('does not fail writes when the log cannot be copied', () => {
      const pragma = own.pragma.bind(own);
      let attempts = 0;
      own.pragma = (source, options) => {
        if (source !== 'wal_checkpoint(RESTART)') return pragma(source, options);
        attempts += 1;
        throw new Error('disk I/O error');
      };
      restart.ask(10);
      expect(reasons(restarting.runBatch([queue('g/a')], context))).toEqual(['done']);
      expect(attempts).toBe(1);
      expect(queued()).toContain('g/a');
    });
  });

  it('is overloaded while another process keeps the lock, and recovers', () => {
    const settings = { lockWaitMsMax: 10 };
    const hasty = new SqliteWriter(path, operations, openDatabase(path), settings);
    observer.exec('BEGIN IMMEDIATE');
    const replies = hasty.runBatch([queue('g/a')], context);
    expect(reasons(replies)).toEqual(['overloaded']);
    observer.exec('COMMIT');
    expect(reasons(hasty.runBatch([queue('g/a')], context))).toEqual(['done']);
    hasty.close();
  });

  it('opens the database again after its connection has failed', () => {
    const broken = new Error('disk I/O error');
    Object.setPrototypeOf(broken, Database.SqliteError.prototype);
    Object.assign(broken, { code: 'SQLITE_IOERR_FSYNC' });
    const failing = {
      ...operations,
      *loseTheDisk() {
        yield* run('ROLLBACK', []);
        throw broken;
      },
    } as unknown as OperationTable;
    const second = new SqliteWriter(path, failing, openDatabase(path));
    const replies = second.runBatch([['loseTheDisk', []], queue('g/a')], context);
    expect(reasons(replies)).toEqual(['failed', 'failed']);
    expect(replies[0]).toMatchObject({
      error: { message: expect.stringContaining('SQLITE_IOERR_FSYNC') },
    });
    expect(reasons(second.runBatch([queue('g/b')], context))).toEqual(['done']);
    expect(queued()).toEqual(['g/b']);
    second.close();
  });
});
