import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IndexEvent } from '../../../src/object-index/index-events.ts';
import { LogCheckpointer } from '../../../src/object-index/log-checkpointer.ts';
import { openDatabase, type SqliteDatabase } from '../../../src/object-index/sqlite-database.ts';
import { checkpoint, RestartRequest } from '../../../src/object-index/write-ahead-log.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const limits = {
  passSizeBytes: 100_000,
  passIntervalMs: 5_000,
  idleMs: 2_000,
  restartSizeBytes: 300_000,
  sizeBytesMax: 600_000,
  readerWaitMsMax: 4_000,
};

describe('LogCheckpointer', () => {
  let path: string;
  let writer: SqliteDatabase;
  let reader: SqliteDatabase;
  let request: RestartRequest;
  let events: IndexEvent[];
  let checkpointer: LogCheckpointer;
  beforeEach(() => {
    path = join(temporaryDirectory(), 'index.sqlite');
    writer = openDatabase(path);
    writer.pragma('wal_autocheckpoint = 0');
    writer.exec('CREATE TABLE t (x)');
    checkpoint(writer, 'TRUNCATE');
    reader = new Database(path, { readonly: true });
    request = new RestartRequest();
    events = [];
    checkpointer = new LogCheckpointer(path, limits, request, (event) => events.push(event), 0);
  });
  afterEach(() => {
    checkpointer.close();
    reader.close();
    writer.close();
  });

  const write = (sizeBytes: number) =>
    writer.prepare('INSERT INTO t VALUES (zeroblob(?))').run(sizeBytes);
  const log = () => checkpoint(writer, 'NOOP');
  const uncopied = () => log().sizeBytes - log().copiedBytes;
  const beginReading = () => {
    reader.exec('BEGIN');
    reader.prepare('SELECT COUNT(*) FROM t').get();
  };

  it('leaves a small log alone until its time has come', () => {
    write(10_000);
    checkpointer.look(100);
    expect(uncopied()).toBeGreaterThan(0);
    write(1);
    checkpointer.look(4_900);
    write(1);
    checkpointer.look(5_100);
    expect(uncopied()).toBe(0);
  });

  it('copies what is larger at once, while a transaction is under way', () => {
    write(limits.passSizeBytes);
    writer.exec('BEGIN IMMEDIATE');
    checkpointer.look(100);
    writer.exec('COMMIT');
    expect(uncopied()).toBe(0);
    expect(request.take()).toBeNull();
  });

  it('empties the file of a log that nobody writes to any more', () => {
    write(10_000);
    checkpointer.look(100);
    checkpointer.look(2_000);
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
    checkpointer.look(2_200);
    expect(statSync(`${path}-wal`).size).toBe(0);
    expect(reader.prepare('SELECT COUNT(*) FROM t').pluck().get()).toBe(1);
  });

  it('asks the writer to start a large log over, and to wait longer for a larger one', () => {
    write(limits.restartSizeBytes);
    checkpointer.look(100);
    expect(request.take()).toBe(25);
    write(limits.sizeBytesMax);
    checkpointer.look(1_000);
    expect(request.take()).toBe(100);
    write(10 * limits.sizeBytesMax);
    checkpointer.look(2_000);
    expect(request.take()).toBe(limits.readerWaitMsMax);
  });

  it('leaves writes time between two such waits', () => {
    beginReading();
    write(limits.sizeBytesMax);
    checkpointer.look(1_000);
    expect(request.take()).toBe(100);
    reader.exec('COMMIT');
    beginReading();
    write(limits.passSizeBytes);
    checkpointer.look(1_300);
    expect(request.take()).toBeNull();
    checkpointer.look(1_400);
    expect(request.take()).toBe(100);
  });

  it('spares writes a short wait where the last one had to be long', () => {
    write(limits.sizeBytesMax);
    checkpointer.look(1_000);
    expect(request.take()).toBe(100);
    request.answer(90);
    write(limits.restartSizeBytes);
    for (const nowMs of [1_250, 1_500, 1_750]) checkpointer.look(nowMs);
    expect(request.take()).toBeNull();
    beginReading();
    write(limits.sizeBytesMax);
    checkpointer.look(2_000);
    expect(request.take()).toBe(100);
    reader.exec('COMMIT');
  });

  it('does not have a reader waited for again that holds the log ever since', () => {
    beginReading();
    write(limits.restartSizeBytes);
    checkpointer.look(100);
    expect(request.take()).toBe(25);
    for (const nowMs of [1_000, 2_000, 3_000]) {
      write(limits.restartSizeBytes);
      checkpointer.look(nowMs);
      expect(request.take()).toBeNull();
    }
    reader.exec('COMMIT');
    checkpointer.look(4_000);
    expect(uncopied()).toBe(0);
    expect(request.take()).not.toBeNull();
  });

  it('tells of a reader that holds the log, once a minute, and when it is over', () => {
    beginReading();
    write(2 * limits.sizeBytesMax);
    for (let nowMs = 250; nowMs <= 65_000; nowMs += 250) {
      if (nowMs % 1_000 === 0) write(1);
      checkpointer.look(nowMs);
      if (nowMs === 9_750) expect(events).toEqual([]);
    }
    expect(events.map(({ kind }) => kind)).toEqual(['log-held']);
    expect(events[0]).toMatchObject({
      growingMs: expect.any(Number),
      sizeBytes: expect.any(Number),
    });
    reader.exec('COMMIT');
    write(1);
    for (const nowMs of [66_000, 68_000, 70_000]) checkpointer.look(nowMs);
    expect(events.map(({ kind }) => kind)).toEqual(['log-held', 'log-freed']);
  });

  it('tells of a checkpoint that fails, once a minute, and tries again', () => {
    checkpointer.close();
    for (const nowMs of [100, 350, 600]) checkpointer.look(nowMs);
    expect(events).toEqual([{ kind: 'checkpoint-failed', message: expect.any(String) }]);
    checkpointer.look(61_000);
    expect(events).toHaveLength(2);
  });
});
