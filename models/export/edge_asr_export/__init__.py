"""From published weights to a bundle that edge_asr can run."""
