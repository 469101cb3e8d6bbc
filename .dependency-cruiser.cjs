/** The layers of docs/architecture.md as rules: what may import what. */
const edges = '^src/(s3|qiniu|files|console|cli)/';
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'src-not-to-test',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^(test|bench)' },
    },
    {
      name: 'support-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^src/support/' },
      to: { path: '^src/', pathNot: '^src/support/' },
    },
    {
      name: 'outbound-imports-support-only',
      severity: 'error',
      from: { path: '^src/outbound/' },
      to: { path: '^src/', pathNot: '^src/(support|outbound)/' },
    },
    {
      name: 'origins-see-core',
      severity: 'error',
      from: { path: '^src/origins/' },
      to: {
        path: '^src/',
        pathNot: '^src/(support|outbound|core|origins)/|^src/object-index/records\\.ts$',
      },
    },
    {
      name: 'origins-only-for-the-wiring-and-commands',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(origins/|cli/|process-services\\.ts$)' },
      to: { path: '^src/origins/' },
    },
    {
      name: 'protocol-is-pure',
      comment: 'Bytes and values only: no sockets, no files, no other layer.',
      severity: 'error',
      from: { path: '^src/fastdfs/protocol/' },
      to: {
        path: '^src/|^(node:)?(net|fs|fs/promises|http|worker_threads)$',
        pathNot: '^src/(support|fastdfs/protocol)/',
      },
    },
    {
      name: 'fastdfs-client-sees-protocol-only',
      severity: 'error',
      from: { path: '^src/fastdfs/client/' },
      to: { path: '^src/', pathNot: '^src/(support|fastdfs/(protocol|client))/' },
    },
    {
      name: 'fastdfs-server-sees-protocol-only',
      severity: 'error',
      from: { path: '^src/fastdfs/server/' },
      to: { path: '^src/', pathNot: '^src/(support|fastdfs/(protocol|server))/' },
    },
    {
      name: 'blob-store-sees-fastdfs-client',
      severity: 'error',
      from: { path: '^src/blob-store/' },
      to: { path: '^src/', pathNot: '^src/(support|blob-store|fastdfs/(client|protocol))/' },
    },
    {
      name: 'object-index-stands-alone',
      severity: 'error',
      from: { path: '^src/object-index/' },
      to: { path: '^src/', pathNot: '^src/(support|object-index)/' },
    },
    {
      name: 'database-drivers-only-in-object-index',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/object-index/' },
      to: { path: 'node_modules/(better-sqlite3|pg)/' },
    },
    {
      name: 'core-sees-interfaces-only',
      severity: 'error',
      from: { path: '^src/core/' },
      to: {
        path: '^src/',
        pathNot:
          '^src/(support/|core/|outbound/|blob-store/blob-store\\.ts|object-index/(object-index|records|[a-z]+-records|[a-z]+-requests|damage)\\.ts)',
      },
    },
    {
      name: 'metrics-sees-interfaces-only',
      severity: 'error',
      from: { path: '^src/metrics/' },
      to: {
        path: '^src/',
        pathNot:
          '^src/(support/|metrics/|core/|blob-store/blob-store\\.ts|object-index/(object-index|records|[a-z]+-records)\\.ts|http/request-observer\\.ts)',
      },
    },
    {
      name: 'metrics-only-for-the-wiring',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/(metrics/|workers/|(gateway|serve|start-backups)\\.ts$)',
      },
      to: { path: '^src/metrics/|node_modules/prom-client/' },
    },
    {
      name: 'workers-only-for-the-wiring',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(workers/|(gateway|serve)\\.ts$)' },
      to: { path: '^src/workers/' },
    },
    {
      name: 'hono-only-at-the-edges',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(http|console)/' },
      to: { path: 'node_modules/(hono|@hono)/' },
    },
    {
      name: 'edges-see-core',
      severity: 'error',
      from: { path: edges },
      to: {
        path: '^src/',
        pathNot:
          '^src/(support|outbound|origins|core|http|s3|qiniu|files|console|cli)/|^src/(config|gateway|serve|check-index|index-maintenance|text-sorter)\\.ts$|^src/(blob-store/blob-store|object-index/(object-index|records|[a-z]+-records|[a-z]+-requests|damage))\\.ts$',
      },
    },
    {
      name: 'http-sees-core',
      comment: 'What all doors need to speak HTTP.',
      severity: 'error',
      from: { path: '^src/http/' },
      to: {
        path: '^src/',
        pathNot:
          '^src/(support|core|http)/|^src/(blob-store/blob-store|object-index/(object-index|records|[a-z]+-records|[a-z]+-requests))\\.ts$',
      },
    },
    {
      name: 'http-for-the-doors',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(http|s3|qiniu|files|console)/|^src/[^/]+\\.ts$' },
      to: { path: '^src/http/', pathNot: '^src/http/request-observer\\.ts$' },
    },
    {
      name: 'doors-know-no-wiring',
      severity: 'error',
      from: { path: '^src/(s3|qiniu|files|console)/' },
      to: { path: '^src/(gateway|serve)\\.ts$' },
    },
    {
      name: 'edges-alone',
      severity: 'error',
      from: { path: '^src/(s3|qiniu|files|console|cli)/' },
      to: { path: '^src/(s3|qiniu|files|console|cli)/', pathNot: '^src/$1/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
