"""The scorecard of a candidate: from a file of grades to what an interviewer reads."""
