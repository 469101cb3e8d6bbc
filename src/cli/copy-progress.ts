import { openProgress, type Progress } from './progress.ts';

const MIB = 2 ** 20;

/** Hooks of a copy of the index that show how far it has come. */
export interface CopyProgress {
  onProgress(copiedBytes: number, totalBytes: number): void;
  onVerify(): void;
  stop(): void;
}

/** A bar in MiB, then a line while the copy is verified; nothing where no terminal is. */
export function openCopyProgress(stream: NodeJS.WriteStream = process.stderr): CopyProgress {
  let progress: Progress | null = null;
  let shownMib = 0;
  let isVerifying = false;
  const stop = () => {
    progress?.stop();
    progress = null;
    if (isVerifying) stream.write('\r\u001b[K');
    isVerifying = false;
  };
  return {
    onProgress(copiedBytes, totalBytes) {
      progress ??= openProgress('Copying (MiB)', Math.ceil(totalBytes / MIB), stream);
      const copiedMib = Math.ceil(copiedBytes / MIB);
      progress.advance(copiedMib - shownMib);
      shownMib = copiedMib;
    },
    onVerify() {
      stop();
      if (!stream.isTTY) return;
      stream.write('Verifying …');
      isVerifying = true;
    },
    stop,
  };
}
