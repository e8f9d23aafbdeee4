"""What every training here shares: checkpoints that survive a crash, and manners towards the machine."""
