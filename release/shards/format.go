package shards

// Formats are what Format can write.
func Formats() []string { return []string{"github", "gitlab", "tekton", "json"} }

// Format returns jobs as a CI system takes them:
//
//   - github: a line matrix={"include":[…]} for $GITHUB_OUTPUT, which fromJSON reads.
//   - gitlab: the job "shard" of a child pipeline, with parallel:matrix.
//   - tekton: a JSON array of strings, the value of a result.
//   - json: everything that is known of the jobs.
func Format(jobs []Job, format string) ([]byte, error) { return nil, nil }
