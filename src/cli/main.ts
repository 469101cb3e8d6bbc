#!/usr/bin/env node
import { Command } from 'commander';

const program = new Command('fastdfs-s3').description('S3-compatible gateway over FastDFS.');
await program.parseAsync();
