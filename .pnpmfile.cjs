// The ORMs name every driver as an optional peer. As peers, those that only tests use would be installed for the demo,
// too, since all parts of this repository share one copy of each ORM. The ORMs find them where pnpm hoists them.

const orms = ['drizzle-orm', 'knex', 'sequelize', 'typeorm'];
const forTests = ['mssql', 'mysql2', 'pg-query-stream', 'tedious'];

module.exports = {
  hooks: {
    readPackage(manifest) {
      if (!orms.includes(manifest.name)) return manifest;
      for (const driver of forTests) {
        delete manifest.peerDependencies?.[driver];
        delete manifest.peerDependenciesMeta?.[driver];
      }
      return manifest;
    },
  },
};
